/**
 * Tasks that nobody runs: they wait. For a person's yes or no, or for a signal from outside. They stand wherever a task
 * can, as a step, a branch, a route or an escalation, and hold no worker meanwhile: the job lies in a queue that no
 * worker serves, and the first answer takes its place.
 */
import { z } from 'zod';
import { type Duration, MAX_DELAY_MS, TASK_DEFAULTS, toMsWithin } from './config.js';
import type { ErrorRecord } from './errors.js';
import { ATTENTION_QUEUE, SIGNALS_QUEUE } from './names.js';
import { assertName, type Task } from './task.js';

/** What an approval asks. */
const Question = z.object({ question: z.string().min(1).max(2_000), details: z.unknown().optional() });
export type Question = z.infer<typeof Question>;

/** A yes. A no fails the stage with REJECTED. */
const Approval = z.object({
  /** Absent when the deadline said yes. */
  by: z.string().optional(),
  note: z.string().optional(),
  at: z.number(),
});
export type Approval = z.infer<typeof Approval>;

interface Wait<Out> {
  readonly name: string;
  readonly queue: string;
  readonly for: 'person' | 'signal';
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly deadline?: Duration | undefined;
  readonly atDeadline: { readonly output: Out } | { readonly error: ErrorRecord };
}

function waitTask<In, Out>(wait: Wait<Out>): Task<In, Out> {
  assertName('task', wait.name);
  const refusal = { code: 'INVALID_DEFINITION', what: `task "${wait.name}": deadline` } as const;
  return Object.freeze({
    kind: 'task' as const,
    name: wait.name,
    queue: wait.queue,
    input: wait.input,
    output: wait.output,
    attempts: 1,
    backoff: TASK_DEFAULTS.backoff,
    timeoutMs: TASK_DEFAULTS.timeoutMs,
    effect: { kind: 'idempotent' as const },
    waits: {
      for: wait.for,
      atDeadline: wait.atDeadline,
      ...(wait.deadline !== undefined && {
        deadlineMs: toMsWithin(wait.deadline, { min: 1, max: MAX_DELAY_MS }, refusal),
      }),
    },
    load: () => Promise.reject(new Error(`"${wait.name}" waits, and has no code`)),
  });
}

interface ApprovalSpec {
  /** Default `approval`. */
  readonly name?: string;
  /** How long the question stands, at most 365 days. Default: until it is answered. */
  readonly deadline?: Duration;
  /** What an unanswered question counts as at its deadline. Default `reject`. */
  readonly atDeadline?: 'approve' | 'reject';
}

/**
 * A person's yes or no: `switchyard approve`, `switchyard reject`, or `sy.run(id).approve()`. The run is
 * `waiting_approval` meanwhile.
 * @throws SwitchyardError INVALID_DEFINITION
 */
export function approval({
  name = 'approval',
  deadline,
  atDeadline = 'reject',
}: ApprovalSpec = {}): Task<Question, Approval> {
  return waitTask<Question, Approval>({
    name,
    queue: ATTENTION_QUEUE,
    for: 'person',
    input: Question,
    output: Approval,
    deadline,
    // The time of the answer is added when it is given.
    atDeadline:
      atDeadline === 'approve'
        ? { output: { at: 0 } }
        : { error: { code: 'REJECTED', message: 'nobody approved it before its deadline', retryable: false } },
  });
}

interface SignalSpec<Out extends z.ZodType> {
  readonly name: string;
  /** What the signal must bring; one that does not is refused at its sender. */
  readonly output: Out;
  /** How long to wait, at most 365 days. Default: until the signal comes. */
  readonly deadline?: Duration;
  /** What counts as the signal at the deadline; without it the stage fails with SIGNAL_MISSED. */
  readonly default?: z.output<Out>;
}

/**
 * A signal from outside: `switchyard signal`, or `sy.run(id).signal(stage, value)`. One that is sent before the run
 * waits for it is kept.
 * @throws SwitchyardError INVALID_DEFINITION
 */
export function signal<Out extends z.ZodType>(spec: SignalSpec<Out>): Task<unknown, z.output<Out>> {
  return waitTask<unknown, z.output<Out>>({
    name: spec.name,
    queue: SIGNALS_QUEUE,
    for: 'signal',
    input: z.unknown(),
    output: spec.output,
    deadline: spec.deadline,
    atDeadline:
      spec.default !== undefined
        ? { output: spec.default }
        : {
            error: {
              code: 'SIGNAL_MISSED',
              message: `signal "${spec.name}" did not come before its deadline`,
              retryable: false,
            },
          },
  });
}
