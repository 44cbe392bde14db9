import { connectedWorkers } from '../../adapters/embedded-redis/connected-workers.js';
import { findEmbeddedRedis, stopEmbeddedRedis } from '../../adapters/embedded-redis/embedded-redis.js';
import { serversHere } from '../servers-here.js';
import type { Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';

/** Who has lost its Redis by this, and waits for the next one. */
interface LeftBehind {
  /** `host:pid` */
  readonly workers: readonly string[];
  readonly servers: readonly string[];
}

/** Ends the embedded Redis of the data folder; that there is none is fine. Its data stays. */
export async function down({ json, dataDir }: Settings, { out }: Terminal): Promise<number> {
  const left = await leftBehind(dataDir);
  const stopped = await stopEmbeddedRedis(dataDir);
  if (json) out.write(`${JSON.stringify({ stopped, dataDir, ...left })}\n`);
  else if (stopped) {
    out.write(`The private Redis of ${dataDir} has ended; its data stays for the next start.\n`);
    out.write(leftText(left));
  } else out.write(`No private Redis runs in ${dataDir}: there is nothing to stop.\n`);
  return 0;
}

async function leftBehind(dataDir: string): Promise<LeftBehind> {
  const url = await findEmbeddedRedis(dataDir);
  if (url === undefined) return { workers: [], servers: [] };
  const [workers, servers] = await Promise.all([connectedWorkers(url), serversHere(dataDir)]);
  return { workers, servers: servers.map((server) => server.url) };
}

function leftText({ workers, servers }: LeftBehind): string {
  const who = [
    ...(workers.length === 0
      ? []
      : [`${workers.length} ${workers.length === 1 ? 'worker' : 'workers'} (${workers.join(', ')})`]),
    ...servers.map((url) => `the server at ${url}`),
  ];
  if (who.length === 0) return '';
  return `Still running: ${who.join(' and ')}. Without Redis they wait, and reconnect at the next \`switchyard up\`.\n`;
}
