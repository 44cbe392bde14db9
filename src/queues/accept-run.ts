/** Accepting a run: everything that can be refused is refused here, before anything is written; then it is one script. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';
import {
  APPEND_PAGE,
  DEFAULT_PRIORITY,
  type Duration,
  MAX_JOB_BYTES,
  PRIORITIES,
  type Priority,
  toMs,
} from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { newRunId, type RedisKeys } from '../names.js';
import { decide } from '../orchestrators/decide.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Move, Stage } from '../orchestrators/move.js';
import type { Clock, Facts, RunRecord, ScriptRunner } from '../ports.js';
import { describeIssues, issuesOf } from '../schema.js';
import { composedScript } from './bullmq-adds.js';
import type { RunJobs } from './run-jobs.js';

const ACCEPT_RUN = composedScript('accept-run');

export interface StartOptions {
  /** The same key is the same run, for as long as the run is retained; with another input it is refused. */
  readonly key?: string;
  /** Default MEDIUM. */
  readonly priority?: Priority;
  /** Before the first stage may begin. */
  readonly delay?: Duration;
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
}

/**
 * @throws SwitchyardError INVALID_INPUT (every problem with its path), TOO_LARGE, KEY_CONFLICT, REDIS_UNAVAILABLE
 */
export async function acceptRun(
  { scripts, keys, jobs, clock }: AcceptDependencies,
  definition: WorkflowDefinition,
  sent: unknown,
  options: StartOptions = {},
): Promise<AcceptedRun> {
  const facts = unstarted(definition, sent, options, clock.now());
  const { record } = facts;
  const stages = firstStages(definition, facts);
  const delayMs = toMs(options.delay ?? 0);
  const toAdd = [
    await jobs.root(definition, record, { children: stages.length > 0, delayMs }),
    ...(await Promise.all(stages.map((stage) => jobs.stage(definition, facts, stage, delayMs)))),
  ];
  const fields = {
    workflow: record.workflow,
    version: String(record.version),
    input: JSON.stringify(record.input),
    inputHash: record.inputHash,
    priority: record.priority,
    createdAt: String(record.createdAt),
    ...(record.key !== undefined && { key: record.key }),
  };
  const reply = await scripts.run(
    ACCEPT_RUN,
    [keys.log(record.id), keys.root(record.id), ...toAdd.flatMap((job) => job.keys)],
    [
      record.id,
      record.inputHash,
      record.workflow,
      record.createdAt,
      keys.indexBase,
      JSON.stringify(fields),
      JSON.stringify(
        toAdd.map(({ script, keys: k, args, job }) => ({ script, keys: k.length, args: args.length, job })),
      ),
      ...toAdd.flatMap((job) => job.args),
    ],
  );
  return acceptance(record, reply);
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
  throw new SwitchyardError(
    'ILLEGAL_STATE',
    `run ${record.id} has no record, yet a job of its name has not ended: ${String(detail)}. Somebody removed the one or added the other by hand. Remove that job, then start the run again`,
  );
}

/** The facts of a run that nobody has touched yet. */
function unstarted(definition: WorkflowDefinition, sent: unknown, options: StartOptions, now: number): Facts {
  assertOptions(options);
  const parsed = definition.input.safeParse(sent);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError(
      'INVALID_INPUT',
      `workflow "${definition.name}" refuses this input: ${describeIssues(issues)}`,
      { issues },
    );
  }
  const json = toJson(definition, parsed.data);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_JOB_BYTES) {
    throw new SwitchyardError(
      'TOO_LARGE',
      `the input of workflow "${definition.name}" is ${bytes} bytes of JSON; at most ${MAX_JOB_BYTES} are taken. Store the data elsewhere and send a reference to it`,
    );
  }
  const record: RunRecord = {
    id: newRunId(definition.name, options.key, now),
    workflow: definition.name,
    version: definition.version,
    // As every worker will read it: what JSON changes must show here, where it can still be refused.
    input: JSON.parse(json),
    inputHash: createHash('sha256')
      .update(canonicalJson(JSON.parse(json)))
      .digest('hex'),
    priority: options.priority ?? DEFAULT_PRIORITY,
    createdAt: now,
    intents: new Map(),
    done: new Map(),
    failedAttempts: new Map(),
    ...(options.key !== undefined && { key: options.key }),
  };
  return { record, stages: new Map() };
}

function toJson(definition: WorkflowDefinition, input: unknown): string {
  try {
    return JSON.stringify(input) ?? 'null';
  } catch (error) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `the input of workflow "${definition.name}" cannot be kept as JSON: ${toSwitchyardError(error).message}`,
      { cause: error },
    );
  }
}

function assertOptions({ key, priority }: StartOptions): void {
  if (key !== undefined && (key.length === 0 || key.length > 256)) {
    throw new SwitchyardError('INVALID_INPUT', `a key has 1 to 256 characters; this one has ${key.length}`);
  }
  if (priority !== undefined && !Object.hasOwn(PRIORITIES, priority)) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `priority "${priority}" is unknown: use ${Object.keys(PRIORITIES).join(', ')}`,
    );
  }
}

/**
 * What is appended together with the root. A list too wide for one script is left to the root, which appends it page by
 * page: a producer that died in between would leave half a run.
 */
function firstStages(definition: WorkflowDefinition, facts: Facts): readonly Stage[] {
  const move = firstMove(definition, facts);
  return move.kind === 'append' && move.stages.length <= APPEND_PAGE ? move.stages : [];
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
