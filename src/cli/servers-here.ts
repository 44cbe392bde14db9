/** Which servers serve the runs of a data folder: each leaves a note there, so that the next command knows whom it meets. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from '../adapters/embedded-redis/start-lock.js';
import { identityOf } from '../adapters/mcp/process-identity.js';

const serverSchema = z.object({ url: z.string(), pid: z.number().int().positive(), identity: z.string().optional() });

export type ServerHere = Readonly<z.infer<typeof serverSchema>>;

/** Leaves the note of this process; what is returned takes it back. */
export async function announceServer(dataDir: string, url: string): Promise<() => Promise<void>> {
  const folder = folderOf(dataDir);
  const { pid } = process;
  const path = join(folder, `${pid}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(path, JSON.stringify({ url, pid, identity: identityOf(pid) } satisfies ServerHere));
  return () => rm(path, { force: true });
}

/** Those that run; the notes of others, which were killed, are taken away. */
export async function serversHere(dataDir: string): Promise<readonly ServerHere[]> {
  const folder = folderOf(dataDir);
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => running(join(folder, name))));
  return found.flatMap((server) => server ?? []);
}

function folderOf(dataDir: string): string {
  return join(dataDir, 'servers');
}

async function running(path: string): Promise<ServerHere | undefined> {
  const server = await read(path);
  // A number alone may be another process's by now.
  if (!server || (isAlive(server.pid) && identityOf(server.pid) === server.identity)) return server;
  await rm(path, { force: true });
  return undefined;
}

/** Undefined also for one that is being written. */
async function read(path: string): Promise<ServerHere | undefined> {
  try {
    return serverSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
