/** Accepting a run: everything that can be refused is refused here, before anything is written; then it is one script. */

import type { CallbackRules } from '../callbacks.js';
import {
  APPEND_PAGE,
  DEFAULT_PRIORITY,
  type Duration,
  MAX_DELAY_MS,
  MAX_KEY_LENGTH,
  PRIORITIES,
  type Priority,
  toMsWithin,
} from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Facts, ParentStage, RunRecord } from '../facts.js';
import { newRunId, type RedisKeys } from '../names.js';
import { decide } from '../orchestrators/decide.js';
import { planBranches } from '../orchestrators/decide-fan-out.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Move, Stage } from '../orchestrators/move.js';
import { runTimers, stageTimers, waitsForAnswer } from '../orchestrators/waits.js';
import type { Clock, ScriptRunner } from '../ports.js';
import { assertTags, type Tags } from '../tags.js';
import type { TraceContext } from '../trace-context.js';
import { type AppendableJob, packJobs } from './bullmq-adds.js';
import { addingScript, withDropRun, withHold } from './bullmq-scripts.js';
import { runInput } from './run-input.js';
import type { RunJobs } from './run-jobs.js';

const ACCEPT_RUN = withHold(withDropRun(addingScript('accept-run')));

export interface StartOptions {
  /**
   * The same key is the same run, for as long as the run is retained; with another input, as it was sent, it is refused.
   * 1 to 256 characters.
   */
  readonly key?: string;
  /** Default MEDIUM. */
  readonly priority?: Priority;
  /** Before the first stage may begin; at most 365 days. */
  readonly delay?: Duration;
  /** From now, when the run is stopped; at most 365 days. Default: the definition's. */
  readonly deadline?: Duration;
  /** Up to 8 short words by which the run is found again: `{ customer: '42' }`. Of a key's run those of its first start stand. */
  readonly tags?: Tags;
  /** The run that this one repeats: kept with it, and shown. */
  readonly retryOf?: string;
  /** Told when the run has ended, at least once, signed; its host must be among `callbacks.allow`. */
  readonly callback?: { readonly url: string };
}

/** Beside what a caller may say: for which stage of which run the new one stands. */
export interface AcceptOptions extends StartOptions {
  readonly parent?: ParentStage;
  /** Attempts that this stage had had before. */
  readonly after?: number;
}

export interface AcceptedRun {
  readonly id: string;
  /** True when a run with this key had been accepted before. */
  readonly duplicate: boolean;
}

export interface AcceptDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly jobs: RunJobs;
  readonly clock: Clock;
  readonly callbacks?: CallbackRules | undefined;
  /** Of the run's story: kept with it, and carried by its jobs. */
  readonly trace?: TraceContext | undefined;
}

/**
 * @throws SwitchyardError INVALID_INPUT (every problem with its path), INVALID_DEFINITION, TOO_LARGE, KEY_CONFLICT,
 *   REDIS_UNAVAILABLE
 */
export async function acceptRun(
  { scripts, keys, jobs, clock, callbacks, trace }: AcceptDependencies,
  definition: WorkflowDefinition,
  sent: unknown,
  options: AcceptOptions = {},
): Promise<AcceptedRun> {
  const { delayMs, deadlineMs = definition.deadlineMs } = checkOptions(options);
  const facts = unstarted(definition, sent, { ...options, ...(trace && { trace }) }, clock.now());
  const { record } = facts;
  const told = await atEnd(jobs, definition, record, callbacks);
  const stages = firstStages(definition, facts);
  const timers = [...runTimers(deadlineMs), ...stageTimers(definition, record, stages)];
  const packed = packJobs([
    await jobs.root(definition, record, { children: stages.length > 0, delayMs, linked: record.parent !== undefined }),
    ...(await Promise.all(stages.map((stage) => jobs.stage(definition, facts, stage, delayMs)))),
    ...(await Promise.all(timers.map((timer) => jobs.timer(definition, record, timer)))),
    ...told,
  ]);
  const fields = {
    workflow: record.workflow,
    version: String(record.version),
    input: JSON.stringify(record.input),
    inputHash: record.inputHash,
    priority: record.priority,
    createdAt: String(record.createdAt),
    ...(record.key !== undefined && { key: record.key }),
    ...(record.trace && { trace: JSON.stringify(record.trace) }),
    ...(record.retryOf !== undefined && { retryOf: record.retryOf }),
    ...(record.tags && { tags: JSON.stringify(record.tags) }),
    ...(record.callback && { callback: JSON.stringify(record.callback) }),
    ...(record.parent && { parent: JSON.stringify(record.parent) }),
    ...stopRules(definition, record),
  };
  const reply = await scripts.run(
    ACCEPT_RUN,
    [keys.log(record.id), keys.root(record.id), ...packed.keys],
    [
      record.id,
      record.inputHash,
      record.workflow,
      record.createdAt,
      keys.indexBase,
      JSON.stringify(fields),
      keys.log(''),
      options.after ?? 0,
      ...packed.args,
    ],
  );
  return acceptance(record, reply);
}

/** Why no run may have this callback; undefined when it may. */
export function callbackRefusal(rules: CallbackRules | undefined, url: string): string | undefined {
  return rules ? rules.refusal(url) : 'no callbacks are configured: set callbacks.allow in switchyard.config';
}

/** The job that tells of the run's end, where somebody is to be told. @throws SwitchyardError INVALID_INPUT */
async function atEnd(
  jobs: RunJobs,
  definition: WorkflowDefinition,
  record: RunRecord,
  rules: CallbackRules | undefined,
): Promise<readonly AppendableJob[]> {
  if (!record.callback) return [];
  const { url } = record.callback;
  const refusal = callbackRefusal(rules, url);
  if (rules && refusal === undefined) {
    return [await jobs.callback(definition, record, { url, attempts: rules.attempts, delivery: 0 })];
  }
  const issues = [{ path: 'callback.url', message: refusal ?? '' }];
  throw new SwitchyardError('INVALID_INPUT', `callback: ${refusal}`, { issues });
}

/** What the scripts that stop a run, or count its branches, must know without its definition. */
function stopRules(definition: WorkflowDefinition, { input }: RunRecord): Readonly<Record<string, string>> {
  if (definition.pattern === 'saga') {
    const pivot = definition.steps.find((step) => step.pivot);
    return pivot ? { pivot: pivot.name } : {};
  }
  if (definition.pattern === 'router' || definition.onFailure === 'collect') return {};
  const planned = planBranches(definition, input).filter((branch) => branch.skipped === undefined);
  return { planned: String(planned.length) };
}

function acceptance(record: RunRecord, reply: unknown): AcceptedRun {
  const [kind, detail]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (kind === 'accepted' || kind === 'duplicate') return { id: record.id, duplicate: kind === 'duplicate' };
  if (kind === 'conflict') {
    throw new SwitchyardError(
      'KEY_CONFLICT',
      `key "${record.key}" was used for run ${record.id} with another input. Use another key, or send the same input again`,
    );
  }
  if (kind === 'stopped') {
    throw new SwitchyardError('CANCELLED', `run ${record.id} was not begun: run ${record.parent?.run} is to stop`);
  }
  throw new SwitchyardError(
    'ILLEGAL_STATE',
    `run ${record.id} has no record, yet a job of its name has not ended: ${String(detail)}. Somebody removed the one or added the other by hand. Remove that job, then start the run again`,
  );
}

/** The facts of a run that nobody has touched yet. */
function unstarted(
  definition: WorkflowDefinition,
  sent: unknown,
  options: AcceptOptions & Pick<RunRecord, 'trace'>,
  now: number,
): Facts {
  const input = runInput(definition, sent);
  const record: RunRecord = {
    id: newRunId(definition.name, options.key, now),
    workflow: definition.name,
    version: definition.version,
    input: input.value,
    inputHash: input.digest,
    priority: options.priority ?? DEFAULT_PRIORITY,
    createdAt: now,
    intents: new Map(),
    done: new Map(),
    failedAttempts: new Map(),
    asked: new Map(),
    answeredFor: new Map(),
    words: [],
    ...(options.key !== undefined && { key: options.key }),
    ...(options.trace && { trace: options.trace }),
    ...(options.retryOf !== undefined && { retryOf: options.retryOf }),
    ...(options.tags && Object.keys(options.tags).length > 0 && { tags: options.tags }),
    ...(options.callback && { callback: { url: String(options.callback.url) } }),
    ...(options.parent && { parent: options.parent }),
  };
  return { record, stages: new Map() };
}

interface CheckedOptions {
  readonly delayMs: number;
  readonly deadlineMs?: number;
}

function checkOptions({ key, priority, delay = 0, deadline, tags }: StartOptions): CheckedOptions {
  if (tags) assertTags(tags);
  if (key !== undefined && (key.length === 0 || key.length > MAX_KEY_LENGTH)) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `a key has 1 to ${MAX_KEY_LENGTH} characters; this one has ${key.length}`,
    );
  }
  if (priority !== undefined && !Object.hasOwn(PRIORITIES, priority)) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `priority "${priority}" is unknown: use ${Object.keys(PRIORITIES).join(', ')}`,
    );
  }
  const within = (duration: Duration, min: number, what: string) =>
    toMsWithin(duration, { min, max: MAX_DELAY_MS }, { code: 'INVALID_INPUT', what: `the ${what} of start()` });
  return {
    delayMs: within(delay, 0, 'delay'),
    ...(deadline !== undefined && { deadlineMs: within(deadline, 1, 'deadline') }),
  };
}

/**
 * What is appended together with the root. Left to the root are a list too wide for one script, which it appends page by
 * page (a producer that died in between would leave half a run), and a question, with which the run enters a phase.
 */
function firstStages(definition: WorkflowDefinition, facts: Facts): readonly Stage[] {
  const move = firstMove(definition, facts);
  if (move.kind !== 'append' || move.stages.length > APPEND_PAGE) return [];
  return move.stages.some((stage) => waitsForAnswer(definition, stage)) ? [] : move.stages;
}

function firstMove(definition: WorkflowDefinition, facts: Facts): Move {
  try {
    return decide(definition, facts);
  } catch (error) {
    const { code, message } = toSwitchyardError(error);
    throw new SwitchyardError(
      code === 'TASK_FAILED' ? 'INVALID_INPUT' : code,
      `workflow "${definition.name}" cannot plan this input: ${message}`,
      {
        cause: error,
      },
    );
  }
}
