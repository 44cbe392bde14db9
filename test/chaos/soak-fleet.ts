/** The shipped worker command in some processes, killed, frozen and measured from outside. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startWorker, stopWorker, writeProject } from '../acceptance/mixed-load.js';
import { openFiles } from './processes.js';

/** Longer than the lock of a job at the shipped settings. */
const FREEZE_MS = 8_000;

export interface Usage {
  readonly heapBytes: number;
  readonly files: number;
}

export interface FleetOptions {
  readonly folder: string;
  readonly prefix: string;
  readonly redisUrl: string;
  readonly retention: { readonly count: number };
}

export class Fleet {
  readonly #workers: ChildProcess[] = [];
  readonly #folder: string;
  readonly #start: () => Promise<ChildProcess>;

  private constructor(folder: string, start: () => Promise<ChildProcess>) {
    this.#folder = folder;
    this.#start = start;
  }

  static async of(count: number, { folder, prefix, redisUrl, retention }: FleetOptions): Promise<Fleet> {
    const { mcpFile, configFile } = await writeProject(folder, prefix, { retention });
    const probe = pathToFileURL(fileURLToPath(new URL('./heap-probe.mjs', import.meta.url)));
    probe.searchParams.set('folder', folder);
    const args = ['--expose-gc', '--import', probe.href];
    const fleet = new Fleet(folder, () => startWorker(folder, mcpFile, configFile, redisUrl, args));
    for (let nth = 0; nth < count; nth += 1) fleet.#workers.push(await fleet.#start());
    return fleet;
  }

  /** Kills one, as if its machine had gone, and starts another in its place. */
  async kill(nth: number): Promise<void> {
    const at = nth % this.#workers.length;
    const victim = this.#workers[at];
    if (!victim) return;
    victim.kill('SIGKILL');
    if (victim.signalCode === null) await once(victim, 'exit');
    this.#workers[at] = await this.#start();
  }

  /** Stops one for longer than its locks last. */
  async freeze(nth: number): Promise<void> {
    const victim = this.#workers[nth % this.#workers.length];
    victim?.kill('SIGSTOP');
    await delay(FREEZE_MS);
    victim?.kill('SIGCONT');
  }

  /** The largest of each, over the workers that live, after a collection of garbage. */
  async usage(): Promise<Usage> {
    const usages = await Promise.all(this.#workers.map((worker) => this.#usageOf(worker.pid ?? 0)));
    return {
      heapBytes: Math.max(...usages.map(({ heapBytes }) => heapBytes)),
      files: Math.max(...usages.map(({ files }) => files)),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map(stopWorker));
  }

  async #usageOf(pid: number): Promise<Usage> {
    const file = join(this.#folder, `heap-${pid}`);
    rmSync(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    const deadline = performance.now() + 30_000;
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') {
      if (performance.now() > deadline) throw new Error(`worker ${pid} does not say how large its heap is`);
      await delay(20);
    }
    return { heapBytes: Number(readFileSync(file, 'utf8')), files: openFiles(pid) };
  }
}
