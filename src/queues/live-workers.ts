/** Which workers are connected to each queue, by the names of their connections. Reads only. */
import type { QueuePool } from './queue-pool.js';

/** BullMQ's word for a service that keeps its list of clients to itself. */
const NOT_TOLD = 'GCP does not support client list';

/** Names of workers, `host:pid`, by queue; undefined where Redis does not tell who is connected. */
export async function liveWorkers(
  queues: QueuePool,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]> | undefined> {
  const found = await Promise.all(names.map(async (name) => [name, await queues.get(name).getWorkers()] as const));
  if (found.some(([, clients]) => clients.some((client) => client.name === NOT_TOLD))) return undefined;
  return new Map(found.map(([name, clients]) => [name, clients.map(workerName)]));
}

/** `<prefix>:<queue in base64>:w:<name>`, as BullMQ names a worker's connection. */
function workerName(client: Readonly<Record<string, string>>): string {
  const raw = client.rawname ?? client.name ?? '';
  const at = raw.indexOf(':w:');
  return at < 0 ? raw : raw.slice(at + 3);
}
