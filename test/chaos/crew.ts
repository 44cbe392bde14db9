/**
 * Worker processes that are killed and frozen, with warm spares that take their place at once: what a kill costs is the
 * start of a process, beside the work and not in its way.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type CrashOrder, endOf, startCrashWorker } from '../support/crash-order.js';

export interface CrewOptions {
  readonly order: CrashOrder;
  readonly active: number;
  readonly spares: number;
  /** Resolves when the run of a frozen worker has gone on without it. */
  readonly thawAfter: (run: string) => Promise<void>;
}

export class Crew {
  readonly #options: CrewOptions;
  readonly #working = new Set<ChildProcess>();
  readonly #frozen = new Set<ChildProcess>();
  readonly #spares: ChildProcess[] = [];
  readonly #starting = new Set<Promise<void>>();
  #ended = false;
  kills = 0;
  freezes = 0;
  /** Anything that ended a worker other than its own SIGKILL. */
  readonly faults: string[] = [];

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { active, spares } = this.#options;
    await Promise.all(Array.from({ length: active + spares }, () => this.#addSpare()));
    this.#fill();
  }

  /** Ends every process. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#starting);
    const all = [...this.#working, ...this.#frozen, ...this.#spares];
    for (const child of all) child.kill('SIGKILL');
    await Promise.all(all.map(endOf));
  }

  #fill(): void {
    while (!this.#ended && this.#working.size < this.#options.active) {
      const next = this.#spares.shift();
      if (!next) break;
      this.#working.add(next);
      next.stdin?.write('work\n');
    }
    while (!this.#ended && this.#spares.length + this.#starting.size < this.#options.spares) {
      void this.#addSpare().then(() => this.#fill());
    }
  }

  async #addSpare(): Promise<void> {
    const starting = startCrashWorker({ ...this.#options.order, spare: true }).then(
      (child) => this.#adopt(child),
      (error: unknown) => {
        this.faults.push(`a worker did not start: ${String(error)}`);
      },
    );
    this.#starting.add(starting);
    await starting;
    this.#starting.delete(starting);
  }

  #adopt(child: ChildProcess): void {
    this.#spares.push(child);
    // A dying worker's pipe may break under a line that is on its way.
    child.stdin?.on('error', () => {});
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const run = /^frozen (\S+)/.exec(line)?.[1];
        if (run !== undefined) void this.#whenFrozen(child, run);
      });
    }
    void endOf(child).then((how) => this.#whenEnded(child, how));
  }

  #whenEnded(child: ChildProcess, how: string | number | null): void {
    const was = this.#working.delete(child) || this.#frozen.delete(child);
    if (this.#ended) return;
    if (was && how === 'SIGKILL') this.kills += 1;
    else this.faults.push(`a worker ended by ${how}`);
    const at = this.#spares.indexOf(child);
    if (at >= 0) this.#spares.splice(at, 1);
    this.#fill();
  }

  async #whenFrozen(child: ChildProcess, run: string): Promise<void> {
    this.freezes += 1;
    this.#working.delete(child);
    this.#frozen.add(child);
    this.#fill();
    await this.#options.thawAfter(run);
    if (this.#ended) return;
    // It goes on as one more worker; the next that dies is not replaced.
    child.kill('SIGCONT');
    this.#frozen.delete(child);
    this.#working.add(child);
  }
}
