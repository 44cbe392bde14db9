/** The run log on Redis: each write is one script of `lua/`, fenced on the writing job's lock. */
import { readFileSync } from 'node:fs';
import { DEFAULT_PRIORITY, type Priority, type Retention } from '../config.js';
import { type ErrorRecord, errorRecordFromReason, SwitchyardError } from '../errors.js';
import { type RedisKeys, stageOfJobKey } from '../names.js';
import type {
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  Fence,
  Fenced,
  OperatorStatus,
  RunLog,
  RunOutcome,
  RunRecord,
  Script,
  ScriptRunner,
  StageFact,
} from '../ports.js';
import { StageResult } from '../schema.js';

const script = (name: string): Script => ({
  name,
  lua: readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8'),
});

const READ_FACTS = script('read-facts');
const BEGIN_EFFECT = script('begin-effect');
const RECORD_ONCE = script('record-once');
const ENTER_PHASE = script('enter-phase');
const END_RUN = script('end-run');

const FENCED: Fenced = { kind: 'fenced-off' };

/** Pending children whose start is looked up when a run is shown; beyond them a run is too wide to watch one by one. */
const SHOWN_PENDING = 200;

export function createRunLog(scripts: ScriptRunner, keys: RedisKeys, retention: Retention): RunLog {
  const logBase = keys.log('');

  async function recordOnce(run: string, fence: Fence, field: string, value: unknown): Promise<string | undefined> {
    const reply = await scripts.run(
      RECORD_ONCE,
      [keys.log(run), fence.lockKey],
      [fence.token, field, JSON.stringify(value)],
    );
    const [kind, stands] = replyOf(RECORD_ONCE, reply, ['recorded', 'fenced-off']);
    return kind === 'recorded' ? stands : undefined;
  }

  return {
    async read(run, options) {
      const reply = await scripts.run(
        READ_FACTS,
        [keys.log(run), keys.root(run)],
        [options?.starts ? SHOWN_PENDING : 0],
      );
      return factsOf(run, reply);
    },

    async beginEffect(run, fence, stage, intent) {
      const reply = await scripts.run(
        BEGIN_EFFECT,
        [keys.log(run), fence.lockKey],
        [fence.token, stage, JSON.stringify(intent)],
      );
      const [kind, value] = replyOf(BEGIN_EFFECT, reply, ['begun', 'already-done', 'fenced-off']);
      if (kind === 'fenced-off') return FENCED;
      if (kind === 'already-done') return { kind, done: parse<EffectDone>(value) };
      return value ? { kind: 'begun', previous: parse<EffectIntent>(value) } : { kind: 'begun' };
    },

    async finishEffect(run, fence, stage, done) {
      return (await recordOnce(run, fence, `done/${stage}`, done)) === undefined ? FENCED : { kind: 'recorded' };
    },

    async recordFailedAttempt(run, fence, stage, attempt) {
      const stands = await recordOnce(run, fence, `attempt/${stage}/${attempt.n}`, attempt);
      return stands === undefined ? FENCED : { kind: 'recorded' };
    },

    async decideOnce(run, fence, decision) {
      const stands = await recordOnce(run, fence, 'decision', decision);
      return stands === undefined ? FENCED : { kind: 'decided', decision: parse<unknown>(stands) };
    },

    async enterPhase(run, fence, phase) {
      const reply = await scripts.run(
        ENTER_PHASE,
        [keys.log(run), fence.lockKey, keys.settled],
        [fence.token, phase, keys.indexBase, run],
      );
      const [kind] = replyOf(ENTER_PHASE, reply, ['recorded', 'fenced-off']);
      return kind === 'recorded' ? { kind } : FENCED;
    },

    async end(run, fence, outcome) {
      const reply = await scripts.run(
        END_RUN,
        [keys.log(run), fence.lockKey, keys.settled],
        [
          fence.token,
          JSON.stringify(outcome),
          outcome.status,
          run,
          keys.indexBase,
          logBase,
          outcome.finishedAt,
          retention.ageMs,
          retention.count,
        ],
      );
      const [kind, stands] = replyOf(END_RUN, reply, ['ended', 'fenced-off']);
      return kind === 'ended' ? { kind, outcome: parse<RunOutcome>(stands) } : FENCED;
    },
  };
}

/** A script's reply is `[kind, value?]`; any other shape means that script and reader are of two versions. */
function replyOf<Kind extends string>(from: Script, reply: unknown, kinds: readonly Kind[]): readonly [Kind, string] {
  const [kind, value] = Array.isArray(reply) ? reply : [];
  const known = kinds.find((candidate) => candidate === kind);
  if (known === undefined)
    throw new SwitchyardError('INTERNAL', `script ${from.name} replied ${JSON.stringify(reply)}`);
  return [known, typeof value === 'string' ? value : ''];
}

/** Values that our own scripts wrote from our own types, and nobody else writes: their shape is not checked again. */
function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function pairs(flat: readonly string[]): readonly [string, string][] {
  return flat.flatMap((field, at) => (at % 2 === 0 ? [[field, flat[at + 1] ?? ''] as [string, string]] : []));
}

function factsOf(run: string, reply: unknown): Facts | undefined {
  const lists: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [log, pending, processed, failed, startedAt] = lists;
  if (![log, pending, processed, failed, startedAt].every(isStringList)) {
    throw new SwitchyardError('INTERNAL', `script ${READ_FACTS.name} replied ${JSON.stringify(reply)}`);
  }
  const record = recordOf(run, pairs(log as readonly string[]));
  if (!record) return undefined;
  const stages = new Map<string, StageFact>();
  (pending as readonly string[]).forEach((key, at) => {
    const since = Number((startedAt as readonly string[])[at]);
    stages.set(stageOfJobKey(run, key), since > 0 ? { state: 'pending', startedAt: since } : { state: 'pending' });
  });
  for (const [key, reason] of pairs(failed as readonly string[])) {
    stages.set(stageOfJobKey(run, key), { state: 'failed', error: errorRecordFromReason(reason) });
  }
  for (const [key, value] of pairs(processed as readonly string[])) {
    stages.set(stageOfJobKey(run, key), resultOf(value));
  }
  return { record, stages };
}

/** A child's return value; one that is none of ours (completed by hand, or by a foreign worker) is a failure. */
function resultOf(value: string): StageFact {
  const parsed = StageResult.safeParse(JSON.parse(value));
  if (parsed.success) return { state: 'done', ...parsed.data };
  const error: ErrorRecord = {
    code: 'BAD_OUTPUT',
    message: `its job was completed with a value that Switchyard did not write: ${value.slice(0, 200)}`,
    retryable: false,
  };
  return { state: 'failed', error };
}

function recordOf(run: string, fields: readonly [string, string][]): RunRecord | undefined {
  const plain = new Map<string, string>();
  const intents = new Map<string, EffectIntent>();
  const done = new Map<string, EffectDone>();
  const failedAttempts = new Map<string, FailedAttempt[]>();
  for (const [field, value] of fields) {
    const [group, stage = ''] = field.split('/');
    if (group === 'intent') intents.set(stage, parse(value));
    else if (group === 'done') done.set(stage, parse(value));
    else if (group === 'attempt')
      failedAttempts.set(stage, [...(failedAttempts.get(stage) ?? []), parse<FailedAttempt>(value)]);
    else plain.set(field, value);
  }
  const [workflow, input, inputHash] = [plain.get('workflow'), plain.get('input'), plain.get('inputHash')];
  if (workflow === undefined || input === undefined || inputHash === undefined) return undefined;
  for (const attempts of failedAttempts.values()) attempts.sort((a, b) => a.n - b.n);
  const [key, phase, outcome, decision] = [
    plain.get('key'),
    plain.get('phase'),
    plain.get('outcome'),
    plain.get('decision'),
  ];
  return {
    id: run,
    workflow,
    version: Number(plain.get('version')),
    input: parse(input),
    inputHash,
    priority: (plain.get('priority') ?? DEFAULT_PRIORITY) as Priority,
    createdAt: Number(plain.get('createdAt')),
    intents,
    done,
    failedAttempts,
    ...(key !== undefined && { key }),
    ...(phase !== undefined && { phase: phase as 'compensating' | OperatorStatus }),
    ...(outcome !== undefined && { outcome: parse<RunOutcome>(outcome) }),
    ...(decision !== undefined && { decision: parse<unknown>(decision) }),
  };
}
