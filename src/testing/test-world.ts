/**
 * Runs definitions in memory: with the reducer and the processors that workers have, tools that are functions, and a clock
 * that moves when the test says so. What waits for a retry is not waited for; what waits for a person, a signal or a
 * deadline stands until the test answers or lets time pass.
 */
import { DEFAULT_PRIORITY, type Duration, MAX_DELAY_MS, type Priority, toMsWithin } from '../config.js';
import { SwitchyardError } from '../errors.js';
import type { StopRequest } from '../facts.js';
import { newRunId } from '../names.js';
import { tasksOf, type Workflow, type WorkflowDefinition } from '../orchestrators/definition.js';
import type { Stopped } from '../orchestrators/move.js';
import { waitStage } from '../orchestrators/stage-task.js';
import { runTimers } from '../orchestrators/waits.js';
import type { ProcessorDependencies } from '../processors/job.js';
import { createRootHandler } from '../processors/root.js';
import { createStageHandler } from '../processors/stage.js';
import { createTimerHandler } from '../processors/timer.js';
import { createSiblingStop } from '../queues/decided-fan-out.js';
import { runInput } from '../queues/run-input.js';
import { NO_TELEMETRY } from '../telemetry.js';
import { type FakeTool, fakeToolCaller, type ToolCall } from './fake-tools.js';
import { type Handlers, MemoryQueue, silentLogger } from './memory-queue.js';
import { MemoryRun } from './memory-run.js';
import { type TestRun, testRun } from './test-run.js';

export interface TestWorldOptions {
  /** By capability: `'weather.get_current_weather': ({ city }) => ({ celsius: 21 })`. */
  readonly tools?: Readonly<Record<string, FakeTool>>;
  /** What the clock shows first, ms. Default: 2026-01-01T00:00:00Z, so that a test sees the same times each day. */
  readonly now?: number;
}

export interface TestRunOptions {
  readonly key?: string;
  readonly priority?: Priority;
  readonly deadline?: Duration;
}

export interface TestWorld {
  /**
   * Starts a run and carries it out as far as it goes: to its end, or to where it waits.
   * @throws SwitchyardError INVALID_INPUT; INVALID_DEFINITION for what does not run in memory
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
  readonly ended: (data: object) => Promise<void>;
}

export function testWorld({ tools = {}, now: first = FIRST_MOMENT }: TestWorldOptions = {}): TestWorld {
  let now = first;
  const clock = { now: () => now };
  const calls: ToolCall[] = [];
  const callsOf = new Map<string, ToolCall[]>();
  const played: Played[] = [];
  const caller = fakeToolCaller(tools, (call) => {
    calls.push(call);
    callsOf.get(call.run)?.push(call);
  });

  /** To where nothing can be done before `until`. A retry is gone to at once when no time is given. */
  async function settle(until?: number): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const next = nextTurn(until ?? Number.POSITIVE_INFINITY, until !== undefined);
      if (!next) return;
      now = Math.max(now, next.at);
      if (next.rings) {
        await next.one.queue.ring(next.one.handlers);
        continue;
      }
      const data = await next.one.queue.work(next.one.handlers);
      if (data) await next.one.ended(data);
    }
    throw new SwitchyardError(
      'INTERNAL',
      `runs of this test have not come to rest after ${MAX_TURNS} turns: one goes round in a circle`,
    );
  }

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

  async function run<In, Out>(
    definition: Workflow<In, Out>,
    input: In,
    options: TestRunOptions = {},
  ): Promise<TestRun<Out>> {
    assertPlayable(definition);
    const { value, digest } = runInput(definition, input);
    const memory = new MemoryRun(definition, {
      id: newRunId(definition.name, options.key, now),
      workflow: definition.name,
      version: definition.version,
      input: value,
      inputHash: digest,
      priority: options.priority ?? DEFAULT_PRIORITY,
      createdAt: now,
    });
    const deadlineMs =
      options.deadline === undefined ? definition.deadlineMs : durationOf(options.deadline, '`deadline`');
    const queue = new MemoryQueue(memory, clock.now, runTimers(deadlineMs));
    const stop = async (_run: string, request: StopRequest): Promise<Stopped> => {
      const stopped = memory.requestStop(request);
      if (stopped.kind === 'stopping') queue.dropWaiting();
      return stopped;
    };
    const deps: ProcessorDependencies = {
      log: memory.log,
      definition: () => definition,
      append: queue.append,
      stop,
      isStopping: () => memory.stop !== undefined,
      holdBack: async () => ({ kind: 'go-on' }),
      answerAtDeadline: async (_run, _definition, stage) => answerAtDeadline(memory, stage, now),
      nested: {
        start: () => Promise.reject(notPlayable(definition)),
        retry: () => Promise.reject(notPlayable(definition)),
      },
      tools: caller,
      clock,
      random: () => 0,
      telemetry: NO_TELEMETRY,
      logger: silentLogger,
    };
    const handlers = {
      root: createRootHandler(deps),
      stage: createStageHandler(deps),
      timer: createTimerHandler(deps),
    };
    played.push({ queue, handlers, ended: createSiblingStop(deps) });
    const own: ToolCall[] = [];
    callsOf.set(memory.id, own);
    await settle();
    return testRun<Out>({ run: memory, queue, now: clock.now, calls: own, settle });
  }

  return {
    run,
    calls,
    now: clock.now,
    async advance(by) {
      const until = now + durationOf(by, 'the time to advance by');
      await settle(until);
      now = until;
    },
  };
}

function durationOf(duration: Duration, what: string): number {
  return toMsWithin(duration, { min: 1, max: MAX_DELAY_MS }, { code: 'INVALID_INPUT', what });
}

/** As `queues/answer-stage.ts` does it: the first answer stands, so one that came in time is left alone. */
function answerAtDeadline(run: MemoryRun, stage: string, at: number): void {
  const waits = waitStage(run.definition, stage)?.waits;
  if (!waits || !run.isPending(stage)) return;
  const { atDeadline } = waits;
  if ('error' in atDeadline) run.answer(stage, { at, error: atDeadline.error });
  else run.answer(stage, { at, output: waits.for === 'person' ? { at } : atDeadline.output });
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
