/**
 * Runs definitions in memory: with the reducer and the processors that workers have, tools that are functions, and a clock
 * that moves when the test says so. What waits for a retry is not waited for; what waits for a person, a signal or a
 * deadline stands until the test answers or lets time pass.
 */
import { type Duration, MAX_DELAY_MS, type Priority, toMsWithin } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import { tasksOf, type Workflow, type WorkflowDefinition } from '../orchestrators/definition.js';
import { runTimers } from '../orchestrators/waits.js';
import type { Clock, ToolCaller } from '../ports.js';
import type { ProcessorDependencies } from '../processors/job.js';
import { createRootHandler } from '../processors/root.js';
import { createStageHandler } from '../processors/stage.js';
import { createTimerHandler } from '../processors/timer.js';
import { createSiblingStop } from '../queues/decided-fan-out.js';
import {
  type AcceptOptions,
  checkOptions,
  firstStages,
  keyConflict,
  recordFields,
  unstarted,
} from '../queues/unstarted-run.js';
import { NO_TELEMETRY } from '../telemetry.js';
import { type FakeTool, fakeToolCaller, type ToolCall } from './fake-tools.js';
import { createMemoryLog } from './memory-log.js';
import { type Handlers, MemoryQueue, silentLogger } from './memory-queue.js';
import { MemoryRun } from './memory-run.js';
import { createMemoryWords } from './memory-words.js';
import { type TestRun, testRun } from './test-run.js';
import { Turns } from './turns.js';

export interface TestWorldOptions {
  /** By capability: `'weather.get_current_weather': ({ city }) => ({ celsius: 21 })`. */
  readonly tools?: Readonly<Record<string, FakeTool>>;
  /** What the clock shows first, ms. Default: 2026-01-01T00:00:00Z, so that a test sees the same times each day. */
  readonly now?: number;
}

export interface TestRunOptions {
  /** The same key is the same run, which is carried out once; with another input it is refused. */
  readonly key?: string;
  readonly priority?: Priority;
  readonly deadline?: Duration;
}

export interface TestWorld {
  /**
   * Starts a run and carries it out as far as it goes: to its end, or to where it waits.
   * @throws SwitchyardError as `start`: INVALID_INPUT, TOO_LARGE, KEY_CONFLICT; INVALID_DEFINITION for what does not run in memory
   */
  run<In, Out>(definition: Workflow<In, Out>, input: In, options?: TestRunOptions): Promise<TestRun<Out>>;
  /** Lets time pass: deadlines, SLA clocks and put-offs come due in their order, in every run. */
  advance(by: Duration): Promise<void>;
  /** What the clock shows. */
  now(): number;
  /** What tools were asked, in every run, in order. */
  readonly calls: readonly ToolCall[];
}

const FIRST_MOMENT = Date.UTC(2026, 0, 1);
/** Far more turns than a test needs between two of its lines: a run that takes them all does not end. */
const MAX_TURNS = 100_000;

interface Played {
  readonly queue: MemoryQueue;
  readonly handlers: Handlers;
  readonly ended: (data: unknown) => Promise<void>;
}

interface Known {
  readonly inputHash: string;
  readonly run: TestRun;
}

export function testWorld({ tools = {}, now: first = FIRST_MOMENT }: TestWorldOptions = {}): TestWorld {
  let now = first;
  const clock = { now: () => now };
  const calls: ToolCall[] = [];
  const callsOf = new Map<string, ToolCall[]>();
  const played: Played[] = [];
  const runs = new Map<string, Known>();
  const turns = new Turns();
  const caller = fakeToolCaller(tools, (call) => {
    calls.push(call);
    callsOf.get(call.run)?.push(call);
  });

  /** To where nothing can be done before `until`. A retry is gone to at once when no time is given. */
  async function goOn(until?: number): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const next = nextTurn(until ?? Number.POSITIVE_INFINITY, until !== undefined);
      if (!next) return;
      now = Math.max(now, next.at);
      await turns.job(() => carryOut(next.one, next.rings));
    }
    throw new SwitchyardError(
      'INTERNAL',
      `runs of this test have not come to rest after ${MAX_TURNS} turns: one goes round in a circle`,
    );
  }
  const settle = () => turns.take(() => goOn());

  /** Clocks ring when time is let pass to them, or when a job that is gone to lies behind them. */
  function nextTurn(until: number, isPassing: boolean) {
    const works = played.flatMap((one) => one.queue.nextDue ?? []);
    const horizon = isPassing ? until : Math.min(...works);
    const turns = played.flatMap((one) => {
      const { nextDue, nextRing } = one.queue;
      return [
        ...(nextRing !== undefined && nextRing <= Math.max(horizon, now) && works.length + Number(isPassing) > 0
          ? [{ at: nextRing, rings: true, one }]
          : []),
        ...(nextDue !== undefined && nextDue <= until ? [{ at: nextDue, rings: false, one }] : []),
      ];
    });
    // What is due by now goes before what is due later; a job before a clock of the same moment.
    return turns.sort((a, b) => Math.max(a.at, now) - Math.max(b.at, now) || Number(a.rings) - Number(b.rings))[0];
  }

  async function run<Out>(definition: WorkflowDefinition, input: unknown, options: AcceptOptions) {
    assertPlayable(definition);
    const { deadlineMs = definition.deadlineMs } = checkOptions(options);
    const facts = unstarted(definition, input, options, now);
    const { id, inputHash } = facts.record;
    const accepted = accept(definition, facts, deadlineMs);
    const known = runs.get(id);
    if (known && known.inputHash !== inputHash) throw keyConflict(facts.record);
    // One that was begun under this key before: its output is of the same definition.
    const own = (known?.run ?? begin(accepted)) as TestRun<Out>;
    await settle();
    return own;
  }

  /** Refuses what a producer refuses. Nothing of it is done yet. */
  function accept(definition: WorkflowDefinition, facts: Facts, deadlineMs: number | undefined) {
    const memory = new MemoryRun(facts.record.id, recordFields(definition, facts.record));
    const queue = new MemoryQueue(memory, definition, clock.now);
    queue.begin(facts, firstStages(definition, facts), runTimers(deadlineMs));
    return { definition, memory, queue };
  }

  function begin({ definition, memory, queue }: ReturnType<typeof accept>): TestRun {
    const log = createMemoryLog(memory);
    const words = createMemoryWords({ run: memory, queue, log, definition, clock });
    const deps: ProcessorDependencies = {
      ...alike(caller, clock, definition),
      log,
      append: queue.append,
      stop: queue.stop,
      isStopping: () => memory.isToStop,
      answerAtDeadline: (_run, _definition, stage) => words.answerAtDeadline(stage),
    };
    const handlers = {
      root: createRootHandler(deps),
      stage: createStageHandler(deps),
      timer: createTimerHandler(deps),
    };
    played.push({ queue, handlers, ended: createSiblingStop(deps) });
    const own: ToolCall[] = [];
    callsOf.set(memory.id, own);
    const { inputHash } = memory.facts().record;
    const test = testRun({
      run: memory,
      definition,
      words,
      calls: own,
      settle,
      // Under a key of its own, as the engine does it: asked for again, it is the same run.
      startAgain: ({ input, priority, id }) => run(definition, input, { key: `retry of ${id}`, priority, retryOf: id }),
    });
    runs.set(memory.id, { inputHash, run: test });
    return test;
  }

  return {
    run: (definition, input, options = {}) => run(definition, input, options),
    calls,
    now: clock.now,
    async advance(by) {
      const ms = durationOf(by, 'the time to advance by');
      await turns.take(async () => {
        const until = now + ms;
        await goOn(until);
        // A job on the way there may have gone further by itself.
        now = Math.max(now, until);
      });
    },
  };
}

async function carryOut({ queue, handlers, ended }: Played, rings: boolean): Promise<void> {
  if (rings) return await queue.ring(handlers);
  const data = await queue.work(handlers);
  if (data !== undefined) await ended(data);
}

/** What the processors need that is the same for every run. */
function alike(tools: ToolCaller, clock: Clock, definition: WorkflowDefinition) {
  return {
    definition: () => definition,
    holdBack: async () => ({ kind: 'go-on' as const }),
    nested: {
      start: () => Promise.reject(notPlayable(definition)),
      retry: () => Promise.reject(notPlayable(definition)),
    },
    tools,
    clock,
    random: () => 0,
    telemetry: NO_TELEMETRY,
    logger: silentLogger,
  };
}

function durationOf(duration: Duration, what: string): number {
  return toMsWithin(duration, { min: 1, max: MAX_DELAY_MS }, { code: 'INVALID_INPUT', what });
}

function assertPlayable(definition: WorkflowDefinition): void {
  if (tasksOf(definition).some(({ foreign, runs }) => foreign || runs)) throw notPlayable(definition);
}

function notPlayable({ name }: WorkflowDefinition): SwitchyardError {
  return new SwitchyardError(
    'INVALID_DEFINITION',
    `workflow "${name}" has a task of another queue (fromQueue) or a workflow inside it (workflowTask), which do not run in memory: test the parts alone, or all of it on a real Redis`,
  );
}
