/**
 * One saga on the real processors, with ports in memory and a schedule that decides what goes wrong: at every call of a
 * port the process may die or freeze, before the call or after it; Redis may forget the end of a stage just before its job
 * ends; between jobs somebody may cancel the run, remove a job of it, or answer what it asks. BullMQ's part (queues, locks, parking, retries) is
 * played by the few lines below; everything that decides or records is the product's own.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { SwitchyardError } from '../../src/errors.js';
import type {
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  OperatorWord,
  RunOutcome,
  RunRecord,
  StageFact,
  StopRequest,
} from '../../src/facts.js';
import { newRunId, stageJobId } from '../../src/names.js';
import type { SagaDefinition } from '../../src/orchestrators/definition.js';
import type { Phase, Stage } from '../../src/orchestrators/move.js';
import { type OperatorRequest, operate, type Statement } from '../../src/orchestrators/operate.js';
import { taskOf } from '../../src/orchestrators/stage-task.js';
import type { Fence, Fenced, RunLog } from '../../src/ports.js';
import type { ActiveJob, Handled, JobHandler, ProcessorDependencies } from '../../src/processors/job.js';
import { createRootHandler } from '../../src/processors/root.js';
import { createStageHandler } from '../../src/processors/stage.js';
import { ENVELOPE_VERSION, StageResult } from '../../src/schema.js';
import { NO_TELEMETRY } from '../../src/telemetry.js';
import { silentLog } from './silent-log.js';

/** Takes the next number below `choices`; 0 once the schedule is used up, so that every run comes to an end. */
export type Choose = (choices: number) => number;

export function scheduleOf(numbers: readonly number[]): Choose {
  let at = 0;
  return (choices) => (numbers[at++] ?? 0) % choices;
}

/** In how many ends of a stage Redis forgets the one that was recorded. */
export const FORGETS = 20;

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
  const answeredFor = new Map<string, number>();
  const words: OperatorWord[] = [];
  let [phase, outcome]: [RunRecord['phase'], RunOutcome | undefined] = [undefined, undefined];
  let stop: StopRequest | undefined;
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
    asked: new Map(),
    answeredFor: new Map(answeredFor),
    words: [...words],
    ...(stop && { stop }),
    ...(phase && { phase }),
    ...(outcome && { outcome }),
  });
  const holds = (fence: Fence) => jobs.get(fence.lockKey)?.token === fence.token;
  const fenced = <T>(fence: Fence, work: () => T) => call(() => (holds(fence) ? work() : FENCED));
  const add = (stage: string, data: object, attempts: number) =>
    jobs.set(stage, { stage, data, attempts, state: 'waiting', started: 0, failures: 0, crashes: 0, token: '' });

  const log: RunLog = {
    read: () => call((): Facts => ({ record: record(), stages: new Map(facts) })),
    mark: () => call(() => ({ stopping: stop !== undefined })),
    lostAnswer: () => Promise.reject(new Error('a saga asks its intents')),
    beginEffect: (_run, fence, stage, intent, way) =>
      fenced(fence, () => {
        const recorded = done.get(stage);
        if (recorded) return { kind: 'already-done', done: recorded } as const;
        if (way === 'forward' && stop) return { kind: 'stopped' } as const;
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
    recordSlaDue: () => Promise.reject(new Error('a saga has no SLA')),
    forgetClock: () => Promise.reject(new Error('this saga has no clocks')),
    standing: () => Promise.reject(new Error('a saga has no branches')),
    end: (_run, fence, ended) =>
      fenced(fence, () => {
        if (!outcome) endings += 1;
        outcome ??= ended;
        return { kind: 'ended', outcome } as const;
      }),
  };

  function append(fence: Fence, stages: readonly Stage[], entered: Phase | undefined) {
    return fenced(fence, () => {
      if (stop && stages.some(({ kind }) => kind === 'step')) return { kind: 'stopped' } as const;
      for (const { stage, kind } of stages) {
        if (facts.has(stage)) continue;
        facts.set(stage, { state: 'pending' });
        // No worker serves the queue of a question: it stays pending, and its root parked, until a person answers.
        if (kind === 'attention') continue;
        const after = Math.max(failedAttempts.get(stage)?.at(-1)?.n ?? 0, answeredFor.get(stage) ?? 0);
        const { attempts } = taskOf(definition, { kind, stage });
        add(stage, { ...head, kind, stage, after }, attempts);
      }
      if (entered && !outcome) phase = entered;
      return { kind: 'appended', added: stages.length } as const;
    });
  }

  /** What `stop-run.lua` and `drop-waiting.lua` do. No worker is told: here jobs run one at a time, and a frozen one hears nothing. */
  function cancel(): void {
    const pivot = definition.steps.find((step) => step.pivot)?.name;
    if (outcome || phase === 'compensating' || phase === 'compensation_stuck') return;
    if (pivot !== undefined && intents.has(pivot)) return;
    stop ??= { cause: 'cancelled', at: now };
    for (const [stage] of facts) {
      const waits = jobs.get(stage)?.state;
      if (waits === 'waiting' || (waits === undefined && facts.get(stage)?.state === 'pending')) {
        jobs.delete(stage);
        facts.delete(stage);
      }
    }
  }

  /** What `operate-run.lua` does with a person's word. */
  function say(pick: Choose): void {
    const about = [...facts.keys()].find((stage) => stage.endsWith('.attention'));
    if (about === undefined || outcome) return;
    const commands: readonly OperatorRequest[] = [
      { command: 'resume' },
      { command: 'resolve', happened: true, output: 'by hand' },
      { command: 'resolve', happened: false },
      { command: 'skip', reason: 'it is not worth it' },
      { command: 'abandon', reason: 'it is over' },
    ];
    const request = commands[pick(commands.length)] ?? { command: 'resume' };
    let said: Statement;
    try {
      said = operate(definition, { record: record(), stages: new Map(facts) }, request, now);
    } catch {
      // Not to be said in this state.
      return;
    }
    words.push(said.word);
    if (said.again !== undefined) {
      facts.delete(said.again);
      jobs.delete(said.again);
    }
    if (said.answeredFor) answeredFor.set(said.answeredFor.stage, said.answeredFor.attempt);
    if (said.done && said.word.stage !== undefined) done.set(said.word.stage, said.done);
    phase = said.to;
    facts.delete(about);
  }

  const deps: ProcessorDependencies = {
    log,
    definition: () => definition,
    append: (_definition, _facts, fence, stages, entered) => append(fence, stages, entered),
    stop: () => Promise.reject(new Error('a saga is not stopped from inside')),
    isStopping: () => stop !== undefined,
    nested: { start: () => Promise.reject(new Error('none')), retry: () => Promise.reject(new Error('none')) },
    holdBack: async () => ({ kind: 'go-on' }),
    answerAtDeadline: () => Promise.resolve(),
    tools: { call: () => Promise.reject(new Error('no tools')), close: () => Promise.resolve() },
    clock: { now: () => now },
    random: () => 0,
    telemetry: NO_TELEMETRY,
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
        // A Redis that lost its last second lacks what was recorded there, and has what its worker wrote afterwards.
        if (choose(FORGETS) === 1) done.delete(job.stage);
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
      log: silentLog,
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
  const asks = () => outcome === undefined && [...facts.keys()].some((stage) => stage.endsWith('.attention'));
  let patience = choose(8);
  for (let waiting = open(); turns < MAX_TURNS; waiting = open()) {
    if (waiting.length + frozen.length === 0) {
      // Only a person can go on from here, and does not always.
      if (!asks() || patience === 0) break;
      patience -= 1;
      say(choose);
      turns += 1;
      continue;
    }
    turns += 1;
    if (choose(40) === 1) cancel();
    waiting = open();
    if (waiting.length + frozen.length === 0) continue;
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
