/** Accepting a run: everything that can be refused is refused here, before anything is written; then it is one script. */

import type { CallbackRules } from '../callbacks.js';
import { SwitchyardError } from '../errors.js';
import type { RunRecord } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { runTimers, stageTimers } from '../orchestrators/waits.js';
import type { Clock, ScriptRunner } from '../ports.js';
import type { TraceContext } from '../trace-context.js';
import { type AppendableJob, packJobs } from './bullmq-adds.js';
import { addingScript, withDropRun, withHold } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';
import {
  type AcceptOptions,
  checkOptions,
  firstStages,
  keyConflict,
  recordFields,
  unstarted,
} from './unstarted-run.js';

const ACCEPT_RUN = withHold(withDropRun(addingScript('accept-run')));

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
  const reply = await scripts.run(
    ACCEPT_RUN,
    [keys.log(record.id), keys.root(record.id), ...packed.keys],
    [
      record.id,
      record.inputHash,
      record.workflow,
      record.createdAt,
      keys.indexBase,
      JSON.stringify(recordFields(definition, record)),
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

function acceptance(record: RunRecord, reply: unknown): AcceptedRun {
  const [kind, detail]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  if (kind === 'accepted' || kind === 'duplicate') return { id: record.id, duplicate: kind === 'duplicate' };
  if (kind === 'conflict') throw keyConflict(record);
  if (kind === 'stopped') {
    throw new SwitchyardError('CANCELLED', `run ${record.id} was not begun: run ${record.parent?.run} is to stop`);
  }
  throw new SwitchyardError(
    'ILLEGAL_STATE',
    `run ${record.id} has no record, yet a job of its name has not ended: ${String(detail)}. Somebody removed the one or added the other by hand. Remove that job, then start the run again`,
  );
}
