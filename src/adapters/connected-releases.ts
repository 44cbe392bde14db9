/** Which releases of this package have workers connected to a Redis, by the names of their connections. */
import type { Redis } from 'ioredis';

const WORKER = /\bname=switchyard-worker@(\S+)/;

/** Connections by release, whatever their prefix; undefined where Redis does not tell. */
export async function connectedReleases(client: Redis): Promise<ReadonlyMap<string, number> | undefined> {
  const list = await client.client('LIST').catch(() => undefined);
  if (typeof list !== 'string') return undefined;
  const releases = new Map<string, number>();
  for (const line of list.split('\n')) {
    const release = WORKER.exec(line)?.[1];
    if (release !== undefined) releases.set(release, (releases.get(release) ?? 0) + 1);
  }
  return releases;
}
