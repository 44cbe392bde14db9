/**
 * One saga on the real processors, with ports in memory and a schedule that decides what goes wrong: at every call of a
 * port the process may die or freeze, before the call or after it. BullMQ's part (queues, locks, parking, retries) is
 * played by the few lines below; everything that decides or records is the product's own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { SwitchyardError } from '../../src/errors.js';
import { newRunId, stageJobId } from '../../src/names.js';
import type { SagaDefinition } from '../../src/orchestrators/definition.js';
import type { Stage } from '../../src/orchestrators/move.js';
import { taskOf } from '../../src/orchestrators/stage-task.js';
import type {
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  Fence,
  Fenced,
  RunLog,
  RunOutcome,
  RunRecord,
  StageFact,
} from '../../src/ports.js';
import type { ActiveJob, Handled, JobHandler, ProcessorDependencies } from '../../src/processors/job.js';
import { createRootHandler } from '../../src/processors/root.js';
import { createStageHandler } from '../../src/processors/stage.js';
import { ENVELOPE_VERSION, StageResult } from '../../src/schema.js';
import { silentLog } from './silent-log.js';

/** Takes the next number below `choices`; 0 once the schedule is used up, so that every run comes to an end. */
export type Choose = (choices: number) => number;

export function scheduleOf(numbers: readonly number[]): Choose {
  let at = 0;
  return (choices) => (numbers[at++] ?? 0) % choices;
}

const FENCED: Fenced = { kind: 'fenced-off' };
const ROOT = '';
/** Far more turns than any schedule needs: a run that takes them all does not end. */
const MAX_TURNS = 2_000;

interface SimulatedJob {
  readonly stage: string;
  readonly data: object;
  readonly attempts: number;
  state: 'waiting' | 'active' | 'parked' | 'done' | 'failed';
  started: number;
  failures: number;
  crashes: number;
  token: string;
}

/** The process that runs one attempt. */
class Process {
  readonly abort = new AbortController();
  private stop: (how: 'crashed' | 'frozen') => void = () => {};
  stopped = this.nextStop();
  private thaw: () => void = () => {};
  dead = false;

  private nextStop(): Promise<'crashed' | 'frozen'> {
    return new Promise((resolve) => {
      this.stop = resolve;
    });
  }

  crash(): Promise<never> {
    this.dead = true;
    this.abort.abort('crashed');
    this.stop('crashed');
    return new Promise(() => {});
  }

  freeze(): Promise<void> {
    const thawed = new Promise<void>((resolve) => {
      this.thaw = resolve;
    });
    this.stop('frozen');
    return thawed;
  }

  goOn(): void {
    this.stopped = this.nextStop();
    this.thaw();
  }
}

const running = new AsyncLocalStorage<{ readonly process: Process; readonly choose: Choose }>();

/** One call into the world outside the process: the only places at which it can be lost. */
export async function call<T>(work: () => T): Promise<T> {
  const current = running.getStore();
  if (!current) throw new Error('a port was called outside of a simulated process');
  const { process, choose } = current;
  if (process.dead) return new Promise(() => {});
  // Mostly nothing happens, or no run would get anywhere.
  const fate = choose(30);
  if (fate === 1) return process.crash();
  if (fate === 2) await process.freeze();
  const result = work();
  if (fate === 3) return process.crash();
  if (fate === 4) await process.freeze();
  return result;
}

export interface Simulated {
  readonly record: RunRecord;
  readonly settled: boolean;
  /** How often an outcome was recorded. */
  readonly endings: number;
  readonly turns: number;
}

export async function simulate(definition: SagaDefinition, input: unknown, choose: Choose): Promise<Simulated> {
  const run = newRunId(definition.name, 'simulated', 0);
  const head = { v: ENVELOPE_VERSION, run, workflow: definition.name, version: definition.version };
  const intents = new Map<string, EffectIntent>();
  const done = new Map<string, EffectDone>();
  const failedAttempts = new Map<string, FailedAttempt[]>();
  let [phase, outcome]: [RunRecord['phase'], RunOutcome | undefined] = [undefined, undefined];
  let [now, tokens, endings, turns] = [1, 0, 0, 0];
  const jobs = new Map<string, SimulatedJob>();
  const facts = new Map<string, StageFact>();
  const frozen: { readonly job: SimulatedJob; readonly process: Process; readonly ending: Promise<Handled> }[] = [];

  const record = (): RunRecord => ({
    id: run,
    workflow: definition.name,
    version: definition.version,
    input,
    inputHash: '',
    priority: 'MEDIUM',
    createdAt: 0,
    intents: new Map(intents),
    done: new Map(done),
    failedAttempts: new Map([...failedAttempts].map(([stage, list]) => [stage, [...list]])),
    ...(phase && { phase }),
    ...(outcome && { outcome }),
  });
  const holds = (fence: Fence) => jobs.get(fence.lockKey)?.token === fence.token;
  const fenced = <T>(fence: Fence, work: () => T) => call(() => (holds(fence) ? work() : FENCED));
  const add = (stage: string, data: object, attempts: number) =>
    jobs.set(stage, { stage, data, attempts, state: 'waiting', started: 0, failures: 0, crashes: 0, token: '' });

  const log: RunLog = {
    read: () => call((): Facts => ({ record: record(), stages: new Map(facts) })),
    beginEffect: (_run, fence, stage, intent) =>
      fenced(fence, () => {
        const recorded = done.get(stage);
        if (recorded) return { kind: 'already-done', done: recorded } as const;
        const previous = intents.get(stage);
        intents.set(stage, intent);
        return { kind: 'begun', ...(previous && { previous }) } as const;
      }),
    finishEffect: (_run, fence, stage, end) =>
      fenced(fence, () => {
        if (!done.has(stage)) done.set(stage, end);
        return { kind: 'recorded' } as const;
      }),
    recordFailedAttempt: (_run, fence, stage, attempt) =>
      fenced(fence, () => {
        const known = failedAttempts.get(stage) ?? [];
        if (!known.some(({ n }) => n === attempt.n)) failedAttempts.set(stage, [...known, attempt]);
        return { kind: 'recorded' } as const;
      }),
    decideOnce: () => Promise.reject(new Error('a saga decides nothing')),
    enterPhase: (_run, fence, entered) =>
      fenced(fence, () => {
        if (!outcome) phase = entered;
        return { kind: 'recorded' } as const;
      }),
    end: (_run, fence, ended) =>
      fenced(fence, () => {
        if (!outcome) endings += 1;
        outcome ??= ended;
        return { kind: 'ended', outcome } as const;
      }),
  };

  function append(fence: Fence, stages: readonly Stage[]) {
    return fenced(fence, () => {
      for (const { stage, kind } of stages) {
        if (facts.has(stage)) continue;
        facts.set(stage, { state: 'pending' });
        // Nobody answers a question in a simulation: it stays pending, and its root parked.
        if (kind !== 'attention') add(stage, { ...head, kind, stage }, taskOf(definition, { kind, stage }).attempts);
      }
      return { kind: 'appended', added: stages.length } as const;
    });
  }

  const deps: ProcessorDependencies = {
    log,
    definition: () => definition,
    append: (_definition, _facts, fence, stages) => append(fence, stages),
    tools: { call: () => Promise.reject(new Error('no tools')), close: () => Promise.resolve() },
    clock: { now: () => now },
    random: () => 0,
    logger: silentLog,
  };
  const [root, stage]: readonly JobHandler[] = [createRootHandler(deps), createStageHandler(deps)];

  /** What BullMQ does with an answer; without the lock it does nothing. */
  function settle(job: SimulatedJob, token: string, handled: Handled): void {
    if (job.token !== token || jobs.get(job.stage) !== job) return;
    job.token = '';
    switch (handled.kind) {
      case 'completed':
        job.state = 'done';
        if (job.stage !== ROOT) facts.set(job.stage, { state: 'done', ...StageResult.parse(handled.value) });
        return;
      case 'park':
        job.state = 'parked';
        return;
      case 'failed':
        job.failures += 1;
        job.state = handled.final || job.failures >= job.attempts ? 'failed' : 'waiting';
        if (job.state === 'failed') facts.set(job.stage, { state: 'failed', error: handled.error.toJSON() });
        return;
      case 'put-back':
        job.state = 'waiting';
        return;
      case 'fenced-off':
        throw new SwitchyardError('INTERNAL', `"${job.stage}" was fenced off while it held its lock`);
    }
  }

  async function watch(job: SimulatedJob, token: string, process: Process, ending: Promise<Handled>): Promise<void> {
    const how = await Promise.race([ending.then((handled) => ({ handled })), process.stopped]);
    if (typeof how === 'object') return settle(job, token, how.handled);
    // Stalled: the lock has run out, and the job is free for another.
    if (job.token === token) {
      job.token = '';
      job.state = 'waiting';
      job.crashes += 1;
    }
    if (how === 'frozen') frozen.push({ job, process, ending });
  }

  async function attempt(job: SimulatedJob): Promise<void> {
    const process = new Process();
    const token = `t${++tokens}`;
    Object.assign(job, { state: 'active', token, started: job.started + 1 });
    const active: ActiveJob = {
      id: job.stage === ROOT ? run : stageJobId(run, job.stage),
      data: job.data,
      attempt: job.started,
      failures: job.failures,
      isLastAttempt: job.failures + 1 >= job.attempts,
      crashes: job.crashes,
      startedAt: ++now,
      fence: { lockKey: job.stage, token },
      signal: process.abort.signal,
    };
    const handler = job.stage === ROOT ? root : stage;
    if (!handler) throw new Error('no handler');
    await watch(
      job,
      token,
      process,
      running.run({ process, choose }, () => handler(active)),
    );
  }

  add(ROOT, head, 1);
  const open = () => {
    const parked = jobs.get(ROOT);
    const busy = [...facts.values()].some((fact) => fact.state === 'pending');
    if (parked?.state === 'parked' && !busy) parked.state = 'waiting';
    return [...jobs.values()].filter((job) => job.state === 'waiting');
  };
  for (let waiting = open(); waiting.length + frozen.length > 0 && turns < MAX_TURNS; waiting = open()) {
    turns += 1;
    const next = choose(waiting.length + frozen.length);
    const job = waiting[next];
    const zombie = frozen[next - waiting.length];
    if (job && job.stage !== ROOT && choose(24) === 1) {
      // Removed by hand: BullMQ takes it from its root's children, and nothing else tells.
      jobs.delete(job.stage);
      facts.delete(job.stage);
    } else if (job) await attempt(job);
    else if (zombie) {
      frozen.splice(frozen.indexOf(zombie), 1);
      zombie.process.goOn();
      // Its token is not the job's any more: whatever it answers is refused.
      await watch(zombie.job, 'lost', zombie.process, zombie.ending);
    }
  }
  const final = record();
  return { record: final, settled: (final.outcome ?? final.phase) !== undefined, endings, turns };
}
