/**
 * What a crash worker does to itself, and what it leaves behind for whoever examines it. All of it is synchronous and
 * outside of Redis: what was written before a SIGKILL is there after it.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ActiveJob } from '../../src/processors/job.js';
import type { Strike, StrikePlan } from './crash-order.js';

/** A root has no stage. */
const OfJob = z.object({ run: z.string(), stage: z.string().default('') });

const Line = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('begun'),
    at: z.number(),
    run: z.string(),
    stage: z.string(),
    attempt: z.number(),
    crashes: z.number(),
  }),
  z.object({
    kind: z.literal('write'),
    at: z.number(),
    run: z.string(),
    stage: z.string(),
    attempt: z.number(),
    what: z.string(),
    accepted: z.boolean(),
  }),
  z.object({
    kind: z.literal('struck'),
    at: z.number(),
    run: z.string(),
    point: z.string(),
    stage: z.string(),
    how: z.enum(['kill', 'freeze']),
  }),
]);
export type JournalLine = z.infer<typeof Line>;

/** Milliseconds of the machine's monotonic clock, which all of its processes share. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

export function prepareStrikeFolder(folder: string): void {
  for (const name of ['struck', 'journal']) mkdirSync(join(folder, name), { recursive: true });
}

/** Everything that the workers of a folder have written down, in order of time. */
export function readJournals(folder: string): readonly JournalLine[] {
  return readdirSync(join(folder, 'journal'))
    .flatMap((file) => readFileSync(join(folder, 'journal', file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => Line.parse(JSON.parse(line)))
    .sort((a, b) => a.at - b.at);
}

export class CrashStrikes {
  readonly #plan: StrikePlan;
  readonly #folder: string;
  readonly #journal: number;
  readonly #made = new Set<string>();
  /** By lock and token: which attempt writes. */
  readonly #attempts = new Map<string, { readonly run: string; readonly stage: string; readonly attempt: number }>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#plan = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as StrikePlan;
    this.#journal = openSync(join(folder, 'journal', String(process.pid)), 'a');
  }

  /** Kills or freezes this process where the plan says so and no process has done it yet. */
  at(point: Strike['point'], stage: string, run: string): void {
    (this.#plan[run] ?? []).forEach((strike, nth) => {
      const name = `${run}~${nth}`;
      if (strike.point !== point || strike.stage !== stage || this.#made.has(name)) return;
      this.#made.add(name);
      if (!this.#claim(name)) return;
      this.#write({ kind: 'struck', at: sharedClock(), run, point, stage, how: strike.how });
      if (strike.how === 'kill') process.kill(process.pid, 'SIGKILL');
      writeSync(1, `frozen ${run}\n`);
      process.kill(process.pid, 'SIGSTOP');
    });
  }

  begun(job: ActiveJob): void {
    const attempt = { ...OfJob.parse(job.data), attempt: job.attempt };
    this.#attempts.set(`${job.fence.lockKey} ${job.fence.token}`, attempt);
    this.#write({ kind: 'begun', at: sharedClock(), crashes: job.crashes, ...attempt });
  }

  /** Notes a fenced write with its answer, by the time at which it was sent. */
  async written<T extends { readonly kind: string }>(
    what: string,
    fence: ActiveJob['fence'],
    work: () => Promise<T>,
  ): Promise<T> {
    const by = this.#attempts.get(`${fence.lockKey} ${fence.token}`);
    const at = sharedClock();
    const answer = await work();
    if (by) this.#write({ kind: 'write', at, what, accepted: answer.kind !== 'fenced-off', ...by });
    return answer;
  }

  #claim(name: string): boolean {
    try {
      closeSync(openSync(join(this.#folder, 'struck', name), 'wx'));
      return true;
    } catch {
      return false;
    }
  }

  #write(line: JournalLine): void {
    writeSync(this.#journal, `${JSON.stringify(line)}\n`);
  }
}
