/**
 * A task: one unit of work with a queue, a contract and a way to be repeated. Definitions are inert: nothing here runs,
 * and a task whose code is lazy costs a producer nothing.
 */
import type { z } from 'zod';
import { type Duration, MAX_TIMER_MS, TASK_DEFAULTS, toMs, toMsWithin } from './config.js';
import { type ErrorRecord, SwitchyardError } from './errors.js';
import type { Logger } from './ports.js';

/** How an effect may be repeated after an attempt whose answer was lost. */
export type EffectSafety =
  /** The tool takes our key and honours it: the same key is the same effect. */
  | { readonly kind: 'keyed' }
  /** Doing it twice is the same as doing it once. */
  | { readonly kind: 'idempotent' }
  /** Nothing is known: never repeated blindly. */
  | { readonly kind: 'unsafe' };

/** What a task that nobody runs waits for. */
export interface WaitSpec {
  readonly for: 'person' | 'signal';
  /** Milliseconds until it counts as answered by `atDeadline`; absent: no limit. */
  readonly deadlineMs?: number;
  readonly atDeadline: { readonly output: unknown } | { readonly error: ErrorRecord };
}

/** A workflow as a task knows it: everything else about it is known above this file. */
export interface NestedWorkflow {
  readonly name: string;
  readonly version: number;
  readonly pattern: string;
}

/** What a task that is a job in another's queue takes along: options of that job, as its own producers would give them. */
export interface ForeignJob {
  /** Of the queue's keys; never ours. */
  readonly prefix: string;
  /** The job's name, by which their processor may choose what it does. */
  readonly job: string;
  readonly backoff?: { readonly type: 'fixed' | 'exponential'; readonly delay: number };
  readonly priority?: number;
  readonly removeOnComplete?: KeepJobs;
  readonly removeOnFail?: KeepJobs;
}

/** BullMQ's word for how long ended jobs are kept. It goes by the whole queue, whichever job brings it. */
export type KeepJobs =
  | boolean
  | number
  | { readonly age: number; readonly count?: number }
  | { readonly count: number };

export interface BackoffPolicy {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the delay that is random, 0–1: retries of many runs then do not arrive together. */
  readonly jitter: number;
}

export interface ToolOptions {
  /** Whole call, repeats in place included; at most 24 days. Default: what is left of the task's timeout. */
  readonly timeout?: Duration;
  /** Name of the argument that takes this call's idempotency key: `<run>/<stage>/1`, or `<run>/<stage>/<call>`. */
  readonly key?: string;
  /**
   * This call's name among the keyed calls of an attempt: the same on every attempt, given once in each. Only one may do
   * without: counting calls would give two that run side by side each other's keys when their order changes.
   */
  readonly call?: string;
  /** The tool only reads, or repeating it changes nothing. */
  readonly idempotent?: boolean;
}

export interface TaskContext {
  readonly run: string;
  /** The branch, route or step that this task stands for. */
  readonly stage: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Whether the task is not tried again when this attempt fails. */
  readonly isLastAttempt: boolean;
  /** The key of the call that has no name, `<run>/<stage>/1`: the same on every attempt. */
  readonly key: string;
  /** Aborted at the task's timeout, when its lock is lost, and when its worker stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /**
   * Calls an MCP tool; rejects with a SwitchyardError when the tool fails, with INVALID_DEFINITION for a key that this
   * attempt has given away already.
   */
  tool(capability: string, args: Readonly<Record<string, unknown>>, options?: ToolOptions): Promise<unknown>;
}

export type TaskFunction<In, Out> = (input: In, context: TaskContext) => Promise<Out> | Out;

/** The task as everything else sees it. `In` is what `run` receives, after its schema; the phantom keeps what is sent. */
export interface Task<In = never, Out = unknown> {
  readonly kind: 'task';
  readonly name: string;
  readonly queue: string;
  /** The tool that the task is; absent for a task with code of its own. */
  readonly capability?: string;
  readonly input?: z.ZodType;
  readonly output?: z.ZodType;
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  readonly timeoutMs: number;
  readonly effect: EffectSafety;
  /** Set for a task that nobody runs: it waits for an answer. See `wait-task.ts`. */
  readonly waits?: WaitSpec;
  /** Set for a task that is a whole run of another workflow. See `orchestrators/workflow-task.ts`. */
  readonly runs?: NestedWorkflow;
  /** Set for a task that another's worker runs. See `queue-task.ts`. */
  readonly foreign?: ForeignJob;
  /** Resolves the code; a lazy task is imported here, by the worker that runs it. */
  load(): Promise<TaskFunction<unknown, unknown>>;
  /** Types only; never set. */
  readonly types?: { readonly sends: (input: In) => void; readonly returns: Out } | undefined;
}

/** What must be sent to a task, and what comes back. */
export type TaskInput<T> = T extends Task<infer In, unknown> ? In : never;
export type TaskOutput<T> = T extends { readonly types?: { readonly returns: infer Out } } ? Out : never;

/** How a task is run, whatever it does. */
export interface TaskPolicy {
  /** Queue whose workers run it. Default `tasks`; a queue of its own gives isolation and its own concurrency. */
  readonly queue?: string;
  /** One attempt, loading its code and its tool calls included; 1 ms to 24 days. Default 30 s. */
  readonly timeout?: Duration;
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: number;
  readonly backoff?: {
    readonly initial?: Duration;
    readonly factor?: number;
    readonly max?: Duration;
    readonly jitter?: number;
  };
  /** Repeating the task changes nothing. */
  readonly idempotent?: boolean;
}

const NAME = /^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/i;

/** Names end up in job ids and keys, where BullMQ allows no `:`, and in run ids, where `/` separates. */
export function assertName(kind: string, name: string): void {
  if (NAME.test(name) && name.length <= 64) return;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `${kind} "${name}" is not a valid name: use up to 64 letters and digits, joined by ".", "-" or "_", starting with a letter`,
  );
}

function policy(name: string, spec: TaskPolicy) {
  assertName('task', name);
  const queue = spec.queue ?? 'tasks';
  assertName('queue', queue);
  const attempts = spec.attempts ?? TASK_DEFAULTS.attempts;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `task "${name}": attempts is ${attempts}; it must be a whole number from 1`,
    );
  }
  const { backoff: defaults } = TASK_DEFAULTS;
  const refused = (what: string) => ({ code: 'INVALID_DEFINITION', what: `task "${name}": ${what}` }) as const;
  return {
    kind: 'task' as const,
    name,
    queue,
    attempts,
    timeoutMs: toMsWithin(spec.timeout ?? TASK_DEFAULTS.timeoutMs, { min: 1, max: MAX_TIMER_MS }, refused('timeout')),
    backoff: {
      initialMs: toMs(spec.backoff?.initial ?? defaults.initialMs, refused('backoff.initial')),
      factor: spec.backoff?.factor ?? defaults.factor,
      maxMs: toMs(spec.backoff?.max ?? defaults.maxMs, refused('backoff.max')),
      jitter: spec.backoff?.jitter ?? defaults.jitter,
    },
  };
}

function effectOf(name: string, spec: { key?: string | true; idempotent?: boolean }): EffectSafety {
  if (spec.key !== undefined && spec.idempotent) {
    throw new SwitchyardError('INVALID_DEFINITION', `task "${name}": give either key or idempotent, not both`);
  }
  if (spec.key !== undefined) return { kind: 'keyed' };
  return spec.idempotent ? { kind: 'idempotent' } : { kind: 'unsafe' };
}

const LAZY = Symbol('lazy');

export interface LazyFunction<In, Out> {
  readonly [LAZY]: true;
  readonly load: () => Promise<{ readonly default: TaskFunction<In, Out> }>;
}

/** Code that only a worker loads: `run: lazy(() => import('./charge.js'))`, where the module's default is the function. */
export function lazy<In, Out>(load: () => Promise<{ readonly default: TaskFunction<In, Out> }>): LazyFunction<In, Out> {
  return { [LAZY]: true, load };
}

interface TaskSpec<In extends z.ZodType, Out extends z.ZodType> extends TaskPolicy {
  readonly name: string;
  readonly input: In;
  readonly output: Out;
  /** `true`: `run` gives `context.key`, or a key made from it, to every effect that it has. */
  readonly key?: true;
  readonly run: TaskFunction<z.output<In>, z.input<Out>> | LazyFunction<z.output<In>, z.input<Out>>;
}

function isLazy(run: object): run is LazyFunction<unknown, unknown> {
  return LAZY in run;
}

/**
 * A task in TypeScript. Its input is checked before `run`, its output after it: what its schema refuses, or JSON would change
 * (a `Date`, a `Map`, `NaN`, an instance of a class), fails the stage as BAD_OUTPUT.
 */
export function defineTask<In extends z.ZodType, Out extends z.ZodType>(
  spec: TaskSpec<In, Out>,
): Task<z.input<In>, z.output<Out>> {
  // The schema has checked the input by the time `run` gets it: that is the processor's contract, which types cannot see.
  const code = spec.run as TaskFunction<unknown, unknown> | LazyFunction<unknown, unknown>;
  return Object.freeze({
    ...policy(spec.name, spec),
    input: spec.input,
    output: spec.output,
    effect: effectOf(spec.name, spec),
    load: async () => (isLazy(code) ? (await code.load()).default : code),
  });
}

interface McpTaskSpec<In extends z.ZodType, Out extends z.ZodType> extends TaskPolicy {
  /** Name of the argument in which the tool takes an idempotency key. */
  readonly key?: string;
  readonly input?: In;
  readonly output?: Out;
}

/**
 * An MCP tool as a task: `mcpTask('commerce.charge_payment', { key: 'idempotencyKey' })`. Give schemas to have its
 * arguments and answer typed and checked; without them both are plain records.
 */
export function mcpTask<
  In extends z.ZodType = z.ZodType<Record<string, unknown>, Record<string, unknown>>,
  Out extends z.ZodType = z.ZodType<Record<string, unknown>, Record<string, unknown>>,
>(capability: string, spec: McpTaskSpec<In, Out> = {}): Task<z.input<In>, z.output<Out>> {
  const effect = effectOf(capability, spec);
  const call: TaskFunction<unknown, unknown> = (input, context) =>
    context.tool(capability, input as Record<string, unknown>, {
      ...(spec.key !== undefined && { key: spec.key }),
      idempotent: effect.kind === 'idempotent',
    });
  return Object.freeze({
    ...policy(capability, spec),
    capability,
    ...(spec.input && { input: spec.input }),
    ...(spec.output && { output: spec.output }),
    effect,
    load: () => Promise.resolve(call),
  });
}
