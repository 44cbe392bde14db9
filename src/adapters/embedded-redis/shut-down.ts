import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';
import { oneShotClient } from './one-shot-client.js';
import { probeRedis } from './probe.js';

/** Redis writes its append-only file to the end at SHUTDOWN; on a slow disk that takes a while. */
const STOP_TIMEOUT_MS = 10_000;
const STOP_POLL_MS = 20;

/**
 * Ends the server at the address and waits until it has gone: SHUTDOWN, and after 10 s SIGKILL to the process that has
 * proved by our password to be that server. A process id out of a file alone is never killed: it may be somebody else's
 * by now.
 *
 * @throws SwitchyardError REDIS_UNAVAILABLE when it neither ends nor answers
 */
export async function shutDown(url: string): Promise<void> {
  await askToShutDown(url);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  let probe = await probeRedis(url);
  // The port and not the process is watched: a dead one whose parent never asks for it keeps its id.
  while (probe.kind !== 'absent' && Date.now() < deadline) {
    await delay(STOP_POLL_MS);
    probe = await probeRedis(url);
  }
  if (probe.kind === 'absent') return;
  if (probe.kind === 'silent') {
    const { port } = new URL(url);
    throw new SwitchyardError(
      'REDIS_UNAVAILABLE',
      `The private Redis on port ${port} neither ends nor answers: ${probe.reason}. End its process by hand.`,
    );
  }
  process.kill(probe.pid, 'SIGKILL');
}

async function askToShutDown(url: string): Promise<void> {
  const client = oneShotClient(url, STOP_TIMEOUT_MS);
  // The connection's end is the answer to SHUTDOWN; whether the server has gone is asked afterwards.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.shutdown();
  } catch {
    // As above.
  } finally {
    client.disconnect();
  }
}
