/** What the starter of an embedded Redis leaves in the data folder, so that other commands find it. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const stateSchema = z.object({
  /** With the password: the file is readable for its owner only. */
  url: z.string(),
  /** The server's own process id, once it has answered. */
  pid: z.number().int().positive().optional(),
  port: z.number().int(),
  startedAt: z.number(),
  /** The process that it ends with; absent when it outlives its starter. */
  owner: z.number().int().positive().optional(),
  /** How the server's program was found. */
  source: z.enum(['path', 'cache', 'apt', 'redis-memory-server']),
});

export type EmbeddedState = Readonly<z.infer<typeof stateSchema>>;

/** Everything of the embedded Redis is in this folder of the data folder. */
export function redisFolder(dataDir: string): string {
  return join(dataDir, 'redis');
}

/** Undefined where nothing was started, or where what is there is not readable as a state. */
export async function readState(folder: string): Promise<EmbeddedState | undefined> {
  const text = await readFile(join(folder, 'state.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** By rename, so that a reader never sees half of it. */
export async function writeState(folder: string, state: EmbeddedState): Promise<void> {
  const temporary = join(folder, `state.json.${process.pid}`);
  await writeFile(temporary, JSON.stringify(state), { mode: 0o600 });
  await rename(temporary, join(folder, 'state.json'));
}

export async function removeState(folder: string): Promise<void> {
  await rm(join(folder, 'state.json'), { force: true });
}
