/** What the starter of an embedded Redis leaves in the data folder, so that other commands, and the next start, find it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const addressSchema = z.object({
  /** With the password: files that hold it are readable for their owner only. */
  url: z.string(),
  port: z.number().int(),
});

export type ServerAddress = Readonly<z.infer<typeof addressSchema>>;

const stateSchema = addressSchema.extend({
  /** The server's own process id, once it has answered. */
  pid: z.number().int().positive().optional(),
  startedAt: z.number(),
  /** The process that it ends with; absent when it outlives its starter. */
  owner: z.number().int().positive().optional(),
  /** How the server's program was found. */
  source: z.enum(['path', 'cache', 'apt', 'redis-memory-server']),
});

export type EmbeddedState = Readonly<z.infer<typeof stateSchema>>;

const STATE = 'state.json';
const LAST_ADDRESS = 'address.json';

/** Everything of the embedded Redis is in this folder of the data folder. */
export function redisFolder(dataDir: string): string {
  return join(dataDir, 'redis');
}

/** Undefined where nothing was started, or where what is there is not readable as a state. */
export function readState(folder: string): Promise<EmbeddedState | undefined> {
  return read(join(folder, STATE), stateSchema);
}

export function writeState(folder: string, state: EmbeddedState): Promise<void> {
  return write(join(folder, STATE), state);
}

export async function removeState(folder: string): Promise<void> {
  await rm(join(folder, STATE), { force: true });
}

/** Where the last Redis of this folder was reached. It stays when the server ends; undefined where there was none. */
export function readLastAddress(folder: string): Promise<ServerAddress | undefined> {
  return read(join(folder, LAST_ADDRESS), addressSchema);
}

export function writeLastAddress(folder: string, { url, port }: ServerAddress): Promise<void> {
  return write(join(folder, LAST_ADDRESS), { url, port });
}

async function read<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.output<Shape> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** By rename, so that a reader never sees half of it. */
async function write(path: string, content: object): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(content), { mode: 0o600 });
  await rename(temporary, path);
}
