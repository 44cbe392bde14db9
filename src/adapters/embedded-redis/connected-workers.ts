import { oneShotClient } from './one-shot-client.js';

const ANSWER_TIMEOUT_MS = 2_000;
/** BullMQ's name of a worker's connection, `<prefix>:<queue in base64>:w:<name>`. */
const WORKER = /\bname=\S*:w:(\S+)/;

/** Names of the workers that are connected to this Redis, `host:pid`, whatever their prefix; none where it does not tell. */
export async function connectedWorkers(url: string): Promise<readonly string[]> {
  const client = oneShotClient(url, ANSWER_TIMEOUT_MS);
  client.on('error', () => undefined);
  try {
    await client.connect();
    const list = String(await client.client('LIST'));
    return [...new Set(list.split('\n').flatMap((line) => WORKER.exec(line)?.[1] ?? []))].sort();
  } catch {
    return [];
  } finally {
    client.disconnect();
  }
}
