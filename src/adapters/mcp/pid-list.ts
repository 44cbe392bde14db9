/**
 * A file per pool that names the server processes it has started, so that the next worker in the same data folder can
 * end those whose worker was killed before it could.
 *
 * A process is ended only if it is provably the recorded one (pid, boot and start time). On systems without `/proc`
 * nothing is recorded and nothing swept.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeDataFolder } from '../../data-folder.js';
import { identityOf } from './process-identity.js';

const runningProcess = z.object({ pid: z.number().int().min(2), identity: z.string() });
const list = z.object({
  worker: z.object({ pid: z.number().int().min(1), identity: z.string() }),
  servers: z.array(runningProcess),
});

type RunningProcess = z.infer<typeof runningProcess>;

/** Below the data folder. */
const FOLDER = 'mcp-servers';

export class PidList {
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #path: string;
  readonly #servers = new Map<number, RunningProcess>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataDir, FOLDER);
    this.#path = join(this.#folder, `${process.pid}-${randomUUID()}.json`);
  }

  /** Ends what dead workers left running; returns the pids. */
  sweep(): readonly number[] {
    const ended: number[] = [];
    for (const path of this.#listsOfOthers()) {
      const found = read(path);
      if (found && identityOf(found.worker.pid) === found.worker.identity) continue;
      for (const server of found?.servers ?? []) {
        if (identityOf(server.pid) === server.identity && killGroup(server.pid)) ended.push(server.pid);
      }
      rmSync(path, { force: true });
    }
    return ended;
  }

  add(pid: number): void {
    const identity = identityOf(pid);
    if (identity === undefined) return;
    this.#servers.set(pid, { pid, identity });
    this.#write();
  }

  remove(pid: number): void {
    if (this.#servers.delete(pid)) this.#write();
  }

  #write(): void {
    if (this.#servers.size === 0) {
      rmSync(this.#path, { force: true });
      return;
    }
    makeDataFolder(this.#dataDir);
    mkdirSync(this.#folder, { recursive: true });
    const worker = { pid: process.pid, identity: identityOf(process.pid) ?? '' };
    // Replaced as a whole: a worker killed in the middle of a write leaves the list before it.
    writeFileSync(`${this.#path}.new`, JSON.stringify({ worker, servers: [...this.#servers.values()] }));
    renameSync(`${this.#path}.new`, this.#path);
  }

  #listsOfOthers(): readonly string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(this.#folder, name))
        .filter((path) => path !== this.#path);
    } catch {
      return [];
    }
  }
}

function read(path: string): z.infer<typeof list> | undefined {
  try {
    return list.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Nobody's list any more, or not one: it names no process that could be proven ours.
    return undefined;
  }
}

// Each server leads a process group of its own (see stdio-transport.ts), so what it started goes with it.
function killGroup(pid: number): boolean {
  try {
    process.kill(-pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
