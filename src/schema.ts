/**
 * The shapes that travel through Redis. Strict at every dequeue: a job added by hand, or by a version that we do not
 * know, fails alone and says what is wrong with it.
 */
import { z } from 'zod';
import { type InputIssue, SwitchyardError } from './errors.js';

/** Version of these shapes. A worker reads this one and those before it, and leaves a later one to others. */
export const ENVELOPE_VERSION = 2;

const head = {
  v: z.int().min(1).max(ENVELOPE_VERSION),
  run: z.string().min(1).max(256),
  workflow: z.string().min(1).max(64),
  version: z.int().min(1),
};

const LaterJob = z.object({ v: z.int().min(ENVELOPE_VERSION + 1), run: head.run });

/** The run of a job that a later version of Switchyard made: another worker's to run, not an error. */
export function runOfLaterVersion(data: unknown): string | undefined {
  return LaterJob.safeParse(data).data?.run;
}

/** Data of a run's root job. Its input and everything else is in the run's log. */
export const RootJob = z.strictObject(head);
export type RootJob = z.infer<typeof RootJob>;

/** Data of a child: which stage of which run, and its input where that is known when it is appended. */
export const StageJob = z.strictObject({
  ...head,
  kind: z.enum(['branch', 'route', 'escalation', 'step', 'undo', 'attention']),
  stage: z.string().min(1).max(128),
  input: z.unknown().optional(),
  /** Attempts that an earlier job of this stage has had, before a person had it tried again. Since version 2. */
  after: z.int().min(0).default(0),
});
export type StageJob = z.infer<typeof StageJob>;
export type StageJobData = z.input<typeof StageJob>;

/** Data of a clock of a run. Since version 2. */
export const TimerJob = z.strictObject({
  ...head,
  kind: z.literal('timer'),
  timer: z.string().min(1).max(128),
});
export type TimerJob = z.infer<typeof TimerJob>;

/** Data of a schedule's tick: a job of BullMQ's making, which carries no run's id since there is none yet. Since version 2. */
export const TickJob = z.strictObject({
  v: head.v,
  kind: z.literal('tick'),
  schedule: z.string().min(1).max(64),
});
export type TickJob = z.infer<typeof TickJob>;

/** Data of the job that tells of a run's end. Since version 2. */
export const CallbackJob = z.strictObject({
  ...head,
  kind: z.literal('callback'),
  url: z.string().min(1).max(2_048),
  /** Which end of the run: a retry in its place leads to another. */
  delivery: z.int().min(0),
});
export type CallbackJob = z.infer<typeof CallbackJob>;

/** What a child returns; BullMQ keeps it with the root, so a run's timeline outlives its children's jobs. */
export const StageResult = z.object({
  /** Set where the end of an effect stands in the run's log before its job returns this. */
  effect: z.literal(true).optional(),
  undoArgs: z.unknown().optional(),
  output: z.unknown(),
  attempt: z.int().min(1),
  startedAt: z.number(),
  finishedAt: z.number(),
});
export type StageResult = z.infer<typeof StageResult>;

/** zod's issues, each with its dotted path. */
export function issuesOf(error: z.ZodError): readonly InputIssue[] {
  return error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
}

/** The issues in one line: `items.0.quantity: expected number; (input): …`. */
export function describeIssues(issues: readonly InputIssue[]): string {
  return issues.map(({ path, message }) => `${path || '(the whole)'}: ${message}`).join('; ');
}

/** @throws SwitchyardError INVALID_JOB, naming the job and each problem. */
export function parseJob<T extends z.ZodType>(shape: T, data: unknown, job: string): z.output<T> {
  const parsed = shape.safeParse(data);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new SwitchyardError(
    'INVALID_JOB',
    `job "${job}" was not made by this version of Switchyard: ${describeIssues(issues)}. Start runs with start(), not by adding jobs`,
    { issues },
  );
}
