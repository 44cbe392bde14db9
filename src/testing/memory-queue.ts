/**
 * BullMQ's part for one run: which job is due, and what becomes of it when it has been run. One job at a time, in the order
 * in which they were added; time passes only when somebody says so.
 */
import { UNDO_ATTEMPTS } from '../config.js';
import { toSwitchyardError } from '../errors.js';
import { stageJobId, timerJobId } from '../names.js';
import type { AppendStages } from '../orchestrators/move.js';
import { checkUnserved, stageTask } from '../orchestrators/stage-task.js';
import { phaseOfWaits, stageTimers, type Timer } from '../orchestrators/waits.js';
import type { Logger } from '../ports.js';
import type { ActiveJob, Handled, JobHandler } from '../processors/job.js';
import { ENVELOPE_VERSION, StageResult } from '../schema.js';
import type { MemoryRun } from './memory-run.js';

interface Job {
  readonly data: object;
  readonly attempts: number;
  /** Not before this time. */
  due: number;
  started: number;
  failures: number;
}

export interface Handlers {
  readonly root: JobHandler;
  readonly stage: JobHandler;
  readonly timer: JobHandler;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export { silent as silentLogger };

export class MemoryQueue {
  readonly #run: MemoryRun;
  readonly #now: () => number;
  /** By stage. */
  readonly #jobs = new Map<string, Job>();
  #root: Job;
  #rootSleeps = false;

  constructor(run: MemoryRun, now: () => number, timers: readonly Timer[]) {
    this.#run = run;
    this.#now = now;
    this.#root = { data: this.#head(), attempts: 1, due: now(), started: 0, failures: 0 };
    this.#wind(timers);
  }

  /** When the next job may run: undefined when none is left that a worker could take. */
  get nextDue(): number | undefined {
    const dues = [...this.#jobs.values()].map(({ due }) => due);
    if (this.#rootIsAwake()) dues.push(this.#root.due);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  /** When the next clock of the run rings. */
  get nextRing(): number | undefined {
    const rings = [...this.#run.clocks.values()];
    return rings.length === 0 ? undefined : Math.min(...rings);
  }

  /** Takes a stage's job away, as a person's word or a stop does. */
  forget(stage: string): void {
    this.#jobs.delete(stage);
  }

  /** What a stop takes from a run: every stage that goes forward and has not begun. */
  dropWaiting(): void {
    const { stages } = this.#run;
    for (const [stage, { state }] of stages) {
      if (state !== 'pending' || stage === this.#active) continue;
      this.forget(stage);
      stages.delete(stage);
    }
  }

  readonly append: AppendStages = async (definition, facts, _fence, stages, phase) => {
    const run = this.#run;
    let planned: readonly { readonly stage: (typeof stages)[number]; readonly input: unknown }[];
    try {
      planned = stages.map((stage) => ({
        stage,
        input: checkUnserved(stageTask(definition, stage, facts), stage.stage),
      }));
    } catch (thrown) {
      return { kind: 'unplannable', error: toSwitchyardError(thrown) };
    }
    const isForward = stages.every(({ kind }) => kind !== 'undo' && kind !== 'attention');
    if (run.outcome) return { kind: 'ended' };
    if (run.stop && isForward) return { kind: 'stopped' };
    this.#wind(stageTimers(definition, facts.record, stages));
    run.phase = phase ?? phaseOfWaits(definition, stages) ?? run.phase;
    for (const { stage, input } of planned) {
      if (run.stages.has(stage.stage)) continue;
      run.stages.set(stage.stage, { state: 'pending' });
      // No worker serves the queue of a question: it stands until somebody answers.
      const { task } = stageTask(definition, stage, facts);
      if (!task) continue;
      if (task.waits) {
        run.asked.set(stage.stage, { at: this.#now(), of: task.waits.for, input });
        const early = run.early.get(stage.stage);
        if (early) run.answer(stage.stage, early);
        continue;
      }
      const after = run.attemptsSoFar(stage.stage);
      const data = {
        ...this.#head(),
        kind: stage.kind,
        stage: stage.stage,
        after,
        ...(input !== undefined && { input }),
      };
      const attempts = stage.kind === 'undo' ? Math.max(UNDO_ATTEMPTS, task.attempts) : task.attempts;
      this.#jobs.set(stage.stage, { data, attempts, due: this.#now(), started: 0, failures: 0 });
    }
    return { kind: 'appended', added: stages.length };
  };

  /** Rings a clock that is due. */
  async ring({ timer }: Handlers): Promise<void> {
    const due = [...this.#run.clocks].find(([, at]) => at <= this.#now());
    if (!due) return;
    const [name] = due;
    const data = { ...this.#head(), kind: 'timer', timer: name };
    const job: Job = { data, attempts: 1, due: 0, started: 0, failures: 0 };
    await timer(this.#attemptOf(timerJobId(this.#run.id, name), job));
    // A clock that found nothing to do has rung all the same.
    this.#run.clocks.delete(name);
  }

  /** Runs a job that is due. Returns its data when it has ended for good. */
  async work({ root, stage }: Handlers): Promise<object | undefined> {
    const now = this.#now();
    const found = [...this.#jobs].find(([, { due }]) => due <= now);
    if (!found) {
      const handled = await root(this.#attemptOf(this.#run.id, this.#root));
      this.#rootSleeps = handled.kind === 'park' || handled.kind === 'completed';
      if (handled.kind === 'put-back') this.#root.due = now + handled.afterMs;
      return undefined;
    }
    const [name, job] = found;
    this.#active = name;
    const handled = await stage(this.#attemptOf(stageJobId(this.#run.id, name), job));
    this.#active = undefined;
    return this.#settle(name, job, handled);
  }

  #active: string | undefined;

  #settle(name: string, job: Job, handled: Handled): object | undefined {
    if (this.#jobs.get(name) !== job) return undefined;
    if (handled.kind === 'put-back') job.due = this.#now() + handled.afterMs;
    if (handled.kind === 'completed') {
      this.#run.stages.set(name, { state: 'done', ...StageResult.parse(handled.value) });
    }
    if (handled.kind === 'failed') {
      job.failures += 1;
      job.due = this.#now() + handled.delayMs;
      if (!handled.final && job.failures < job.attempts) return undefined;
      this.#run.stages.set(name, { state: 'failed', error: handled.error.toJSON() });
    }
    if (this.#run.isPending(name)) return undefined;
    this.#jobs.delete(name);
    return job.data;
  }

  #rootIsAwake(): boolean {
    if (this.#run.outcome) return false;
    const busy = [...this.#run.stages.values()].some(({ state }) => state === 'pending');
    return !busy || !this.#rootSleeps;
  }

  #wind(timers: readonly Timer[]): void {
    const { createdAt } = this.#run.facts().record;
    for (const { timer, afterMs, since } of timers) {
      if (!this.#run.clocks.has(timer))
        this.#run.clocks.set(timer, (since === 'now' ? this.#now() : createdAt) + afterMs);
    }
  }

  #head() {
    const { id, definition } = this.#run;
    return { v: ENVELOPE_VERSION, run: id, workflow: definition.name, version: definition.version };
  }

  #attemptOf(id: string, job: Job): ActiveJob {
    job.started += 1;
    return {
      id,
      data: job.data,
      attempt: job.started,
      failures: job.failures,
      isLastAttempt: job.failures + 1 >= job.attempts,
      crashes: 0,
      startedAt: this.#now(),
      fence: { lockKey: id, token: 'memory' },
      signal: new AbortController().signal,
      log: silent,
    };
  }
}
