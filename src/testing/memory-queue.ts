/**
 * BullMQ's part for one run: which job is due, and what becomes of it when it has been run. One job at a time, in the order
 * in which they were added; time passes only when somebody says so. A job that has been taken up and has not ended is no
 * job to take up, whoever looks.
 */
import { toSwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import { stageJobId, timerJobId } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Appended, AppendStages, Stage, StopRun } from '../orchestrators/move.js';
import { checkUnserved, type StageTask, stageTask } from '../orchestrators/stage-task.js';
import { phaseOfWaits, stageTimers, type Timer } from '../orchestrators/waits.js';
import type { Fence, Logger } from '../ports.js';
import { type ActiveJob, type Handled, isForward, type JobHandler, RUN_STOPS } from '../processors/job.js';
import { jobHead, type StageWork, stageWork } from '../queues/stage-work.js';
import { StageResult } from '../schema.js';
import type { MemoryRun } from './memory-run.js';

interface Job {
  readonly id: string;
  /** JSON, as BullMQ has it: each attempt is given an object of its own. */
  readonly data: string;
  readonly attempts: number;
  /** Not before this time. */
  due: number;
  started: number;
  failures: number;
  /** Set while somebody has it. */
  active?: AbortController | undefined;
}

export interface Handlers {
  readonly root: JobHandler;
  readonly stage: JobHandler;
  readonly timer: JobHandler;
}

/** A stage with all that its job is made of. */
interface Planned extends StageTask {
  readonly stage: Stage;
  readonly work: StageWork;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

export { silent as silentLogger };

export class MemoryQueue {
  readonly #run: MemoryRun;
  readonly #definition: WorkflowDefinition;
  readonly #now: () => number;
  /** By stage. */
  readonly #jobs = new Map<string, Job>();
  readonly #ringing = new Set<string>();
  #root: Job;
  #rootIs: 'awake' | 'asleep' | 'ended' = 'awake';

  constructor(run: MemoryRun, definition: WorkflowDefinition, now: () => number) {
    this.#run = run;
    this.#definition = definition;
    this.#now = now;
    this.#root = this.#job(run.id, jobHead(definition, run.id), 1);
  }

  /** As a producer does, with the root. @throws SwitchyardError what makes a start refused */
  begin(facts: Facts, stages: readonly Stage[], timers: readonly Timer[]): void {
    const planned = this.#plan(this.#definition, facts, stages);
    this.#wind([...timers, ...stageTimers(this.#definition, facts.record, stages)], facts.record.createdAt);
    for (const stage of planned) this.#add(stage);
    if (planned.length > 0) this.#rootIs = 'asleep';
  }

  /** When the next job may be taken up: undefined when there is none. */
  get nextDue(): number | undefined {
    const dues = [...this.#jobs.values()].flatMap(({ due, active }) => (active ? [] : due));
    if (this.#rootIsAwake()) dues.push(this.#root.due);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  /** When the next clock of the run rings. */
  get nextRing(): number | undefined {
    const rings = [...this.#run.clocks].flatMap(([timer, due]) => (this.#ringing.has(timer) ? [] : due));
    return rings.length === 0 ? undefined : Math.min(...rings);
  }

  readonly append: AppendStages = async (definition, facts, fence, stages, phase) => {
    let planned: readonly Planned[];
    try {
      planned = this.#plan(definition, facts, stages);
    } catch (thrown) {
      return { kind: 'unplannable', error: toSwitchyardError(thrown) };
    }
    return this.#appendOnce(fence, planned, stageTimers(definition, facts.record, stages), facts.record.createdAt, {
      phase: phase ?? phaseOfWaits(definition, stages),
      forward: stages.every(({ kind }) => kind !== 'undo' && kind !== 'attention'),
    });
  };

  /** As `queues/stop-run.ts`: what runs is aborted, what has not begun is taken away. */
  readonly stop: StopRun = async (_run, request, fence) => {
    if (fence && !this.#run.holds(fence)) return { kind: 'fenced-off' };
    const stopped = this.#run.requestStop(request);
    if (stopped.kind !== 'stopping') return stopped;
    for (const { data, active } of this.#jobs.values()) {
      if (active && isForward(JSON.parse(data), this.#run.id)) active.abort(RUN_STOPS);
    }
    for (const stage of this.#run.pending) {
      if (this.#jobs.get(stage)?.active) continue;
      this.#jobs.delete(stage);
      this.#run.dropChild(stage);
    }
    this.#root.due = this.#now();
    return stopped;
  };

  /** Its root is added again, over what its children have left. False while the one that ended it is at work. */
  reopen(timers: readonly Timer[], createdAt: number, change: () => void): boolean {
    if (this.#rootIs !== 'ended') return false;
    change();
    this.#wind(timers, createdAt);
    this.#root = this.#job(this.#run.id, jobHead(this.#definition, this.#run.id), 1);
    this.#rootIs = 'awake';
    return true;
  }

  /** Rings a clock that is due. */
  async ring({ timer }: Handlers): Promise<void> {
    const due = [...this.#run.clocks].find(([name, at]) => at <= this.#now() && !this.#ringing.has(name));
    if (!due) return;
    const [name] = due;
    this.#ringing.add(name);
    const data = { ...jobHead(this.#definition, this.#run.id), kind: 'timer', timer: name };
    await this.#attempt(this.#job(timerJobId(this.#run.id, name), data, 1), timer, () => this.#ringing.delete(name));
    // A clock that found nothing to do has rung all the same.
    if (!this.#run.hasEnded) this.#run.forgetClock(name);
  }

  /** Runs a job that is due. Returns its data when it has ended for good. */
  async work({ root, stage }: Handlers): Promise<unknown> {
    const now = this.#now();
    const found = [...this.#jobs].find(([, { due, active }]) => due <= now && !active);
    if (!found) {
      return await this.#attempt(this.#root, root, (handled) => {
        if (handled.kind === 'put-back') this.#root.due = this.#now() + handled.afterMs;
        else this.#rootIs = handled.kind === 'completed' ? 'ended' : 'asleep';
        return undefined;
      });
    }
    const [name, job] = found;
    return await this.#attempt(job, stage, (handled) => this.#settle(name, job, handled));
  }

  /** All of them before the first is appended. @throws SwitchyardError TOO_LARGE, INVALID_DEFINITION, what functions throw */
  #plan(definition: WorkflowDefinition, facts: Facts, stages: readonly Stage[]): readonly Planned[] {
    return stages.map((stage) => {
      const planned = stageTask(definition, stage, facts);
      const of: StageTask = { ...planned, input: checkUnserved(planned, stage.stage) };
      return { ...of, stage, work: stageWork(definition, facts.record, stage, of) };
    });
  }

  /** As `append-stages.lua`. */
  #appendOnce(
    fence: Fence,
    planned: readonly Planned[],
    timers: readonly Timer[],
    createdAt: number,
    { phase, forward }: { readonly phase: Parameters<MemoryRun['enterPhase']>[0]; readonly forward: boolean },
  ): Appended {
    const run = this.#run;
    if (!run.holds(fence)) return { kind: 'fenced-off' };
    if (run.hasEnded) return { kind: 'ended' };
    if (forward && run.isToStop) return { kind: 'stopped' };
    const added = planned.filter((stage) => this.#add(stage)).length;
    this.#wind(timers, createdAt);
    // A question that has been answered already must not leave the run waiting for its answer.
    if (phase !== undefined && (phase !== 'waiting_approval' || added > 0)) run.enterPhase(phase);
    return { kind: 'appended', added };
  }

  #add({ stage: { stage }, task, input, work }: Planned): boolean {
    const waits = task?.waits;
    const asked = waits && { at: this.#now(), of: waits.for, ...(input !== undefined && { input }) };
    const isNew = this.#run.addChild(stage, asked);
    // No worker serves the queue of a question: it stands until somebody answers.
    if (isNew && task && !waits) {
      this.#jobs.set(stage, this.#job(stageJobId(this.#run.id, stage), work.data, work.attempts));
    }
    return isNew;
  }

  /** @param settle what becomes of the job: before anybody else may take it up */
  async #attempt<T>(job: Job, handler: JobHandler, settle: (handled: Handled) => T): Promise<T> {
    const active = new AbortController();
    job.active = active;
    job.started += 1;
    const fence = { lockKey: job.id, token: String(job.started) };
    this.#run.lock(fence);
    const attempt: ActiveJob = {
      id: job.id,
      data: JSON.parse(job.data),
      attempt: job.started,
      failures: job.failures,
      isLastAttempt: job.failures + 1 >= job.attempts,
      crashes: 0,
      startedAt: this.#now(),
      fence,
      signal: active.signal,
      log: silent,
    };
    try {
      return settle(await handler(attempt));
    } finally {
      this.#run.unlock(fence);
      job.active = undefined;
    }
  }

  #settle(name: string, job: Job, handled: Handled): unknown {
    if (handled.kind === 'completed') this.#run.endChild(name, { value: StageResult.parse(handled.value) });
    else if (handled.kind === 'failed') {
      job.failures += 1;
      job.due = this.#now() + handled.delayMs;
      if (!handled.final && job.failures < job.attempts) return undefined;
      this.#run.endChild(name, { error: handled.error });
    } else {
      if (handled.kind === 'put-back') job.due = this.#now() + handled.afterMs;
      return undefined;
    }
    this.#jobs.delete(name);
    return JSON.parse(job.data);
  }

  #rootIsAwake(): boolean {
    if (this.#root.active || this.#rootIs === 'ended') return false;
    return this.#rootIs === 'awake' || !this.#run.hasPending;
  }

  #wind(timers: readonly Timer[], createdAt: number): void {
    for (const { timer, afterMs, since } of timers) {
      this.#run.noteClock(timer, (since === 'now' ? this.#now() : createdAt) + afterMs);
    }
  }

  #job(id: string, data: object, attempts: number): Job {
    return { id, data: JSON.stringify(data), attempts, due: this.#now(), started: 0, failures: 0 };
  }
}
