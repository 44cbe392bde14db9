import { oneShotClient } from './one-shot-client.js';

/**
 * What stands at an address of ours:
 * - `alive`: the server that took our password, with its process id; `loading` while it reads its data
 * - `absent`: nobody listens, or somebody who does not know our password: the server has ended
 * - `silent`: somebody accepts and does not answer: it may be ours, frozen
 */
export type Probe =
  | { readonly kind: 'alive'; readonly pid: number; readonly loading: boolean }
  | { readonly kind: 'absent' }
  | { readonly kind: 'silent'; readonly reason: string };

const ANSWER_TIMEOUT_MS = 2_000;
const NOT_OURS = /ECONNREFUSED|WRONGPASS|NOAUTH|AUTH|ECONNRESET|Connection is closed/;

/** Asks once, without retry; never rejects. */
export async function probeRedis(url: string): Promise<Probe> {
  const client = oneShotClient(url, ANSWER_TIMEOUT_MS);
  let reason: string | undefined;
  client.on('error', (error: NodeJS.ErrnoException) => {
    reason ??= `${error.code ?? ''} ${error.message}`;
  });
  try {
    // INFO is answered while data is loading, when PING is not.
    await client.connect();
    const info = await client.info();
    const pid = Number(/^process_id:(\d+)/m.exec(info)?.[1]);
    if (Number.isNaN(pid)) return { kind: 'absent' };
    return { kind: 'alive', pid, loading: /^loading:1/m.test(info) };
  } catch (error) {
    reason ??= error instanceof Error ? error.message : String(error);
    return NOT_OURS.test(reason) ? { kind: 'absent' } : { kind: 'silent', reason };
  } finally {
    client.disconnect();
  }
}
