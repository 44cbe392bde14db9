/** The facts of a run from what `read-facts.lua` replies: the one place that knows how the log's fields are named. */
import { DEFAULT_PRIORITY, type Priority } from '../config.js';
import { type ErrorRecord, errorRecordFromReason, SwitchyardError } from '../errors.js';
import type {
  Answer,
  Asked,
  CallbackDelivery,
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  ForeignAttempt,
  NestedRun,
  OperatorStatus,
  OperatorWord,
  ParentStage,
  RunOutcome,
  RunRecord,
  StageFact,
  StopRequest,
} from '../facts.js';
import { isForeignJob, stageOfJobKey, timerOfJobKey } from '../names.js';
import { StageResult } from '../schema.js';
import type { Tags } from '../tags.js';
import { parseTrace } from '../trace-context.js';
import { endedElsewhere, failedElsewhere, foreignAttempts } from './foreign-jobs.js';

/** Of a run of very many stages: what is not read until the run is concluded. */
const UNREAD: ErrorRecord = { code: 'INTERNAL', message: 'how it failed was not read', retryable: false };

export interface ReadFacts {
  readonly facts: Facts;
  /** Keys of children whose outputs are still to be read. */
  readonly unread: { readonly processed: readonly string[]; readonly failed: readonly string[] };
  /** By stage: what the jobs of others' workers tell of their attempts. */
  readonly foreign: ReadonlyMap<string, readonly ForeignAttempt[]>;
}

/** @throws SwitchyardError INTERNAL for a reply of another shape: script and reader are of two versions */
export function factsOfReply(run: string, reply: unknown, prefix: string): ReadFacts | undefined {
  const lists: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [log, pending, processed, failed, startedAt, read, foreign] = lists;
  if (
    !isStringList(log) ||
    !isStringList(pending) ||
    !isStringList(processed) ||
    !isStringList(failed) ||
    !isStringList(startedAt) ||
    !isStringList(foreign)
  ) {
    throw new SwitchyardError('INTERNAL', `script read-facts replied ${JSON.stringify(reply)}`);
  }
  const fields = pairs(log);
  const record = recordOf(run, fields);
  if (!record) return undefined;
  const stages = new Map<string, StageFact>();
  pending.forEach((key, at) => {
    const since = Number(startedAt[at]);
    stages.set(stageOfJobKey(run, key), since > 0 ? { state: 'pending', startedAt: since } : { state: 'pending' });
  });
  const statesOnly = read === 'states';
  for (const [key, reason] of statesOnly ? withoutValues(failed) : pairs(failed)) {
    stages.set(stageOfJobKey(run, key), failedStage(reason, isForeignJob(prefix, key)));
  }
  for (const [key, value] of statesOnly ? withoutValues(processed) : pairs(processed)) {
    stages.set(stageOfJobKey(run, key), endedStage(value, isForeignJob(prefix, key)));
  }
  for (const [stage, fact] of answeredStages(record, fields)) stages.set(stage, fact);
  return {
    facts: { record, stages },
    unread: statesOnly ? { processed, failed } : { processed: [], failed: [] },
    foreign: foreignAttempts(run, foreign),
  };
}

/**
 * How a child ended, from its return value. Of a job in a queue of ours, one that is none of ours (completed by hand, or by
 * a foreign worker) is a failure.
 */
export function endedStage(value: string | undefined, isForeign: boolean): StageFact {
  if (isForeign) return endedElsewhere(value);
  if (value === undefined) return { state: 'done', output: undefined, attempt: 1, startedAt: 0, finishedAt: 0 };
  const parsed = StageResult.safeParse(JSON.parse(value));
  if (parsed.success) return { state: 'done', ...parsed.data };
  const error: ErrorRecord = {
    code: 'BAD_OUTPUT',
    message: `its job was completed with a value that Switchyard did not write: ${value.slice(0, 200)}`,
    retryable: false,
  };
  return { state: 'failed', error };
}

export function failedStage(reason: string | undefined, isForeign: boolean): StageFact {
  if (reason === undefined) return { state: 'failed', error: UNREAD };
  return isForeign ? failedElsewhere(reason) : { state: 'failed', error: errorRecordFromReason(reason) };
}

/** What a page of a run needs of its log: the record as far as these fields tell it, and the stages that were answered. */
export function partOfRun(
  run: string,
  flat: readonly string[],
): { readonly record: RunRecord; readonly answered: ReadonlyMap<string, StageFact> } | undefined {
  const fields = pairs(flat);
  const record = recordOf(run, fields);
  return record && { record, answered: answeredStages(record, fields) };
}

/**
 * How a child ended from the end of its return value alone, where the output, which stands before it, was left out;
 * undefined when it does not end as a value of ours.
 */
export function endedStageOfTail(tail: string): StageFact | undefined {
  const [, attempt, startedAt, finishedAt] =
    /"attempt":(\d+),"startedAt":([\d.]+),"finishedAt":([\d.]+)\}$/.exec(tail) ?? [];
  if (attempt === undefined) return undefined;
  const [n, from, to] = [attempt, startedAt, finishedAt].map(Number);
  return { state: 'done', output: undefined, attempt: n ?? 1, startedAt: from ?? 0, finishedAt: to ?? 0 };
}

function answeredStages(record: RunRecord, fields: Fields): ReadonlyMap<string, StageFact> {
  const answers = [...group<Answer>(fields, 'answer')];
  return new Map(answers.map(([stage, answer]) => [stage, answeredStage(record, stage, answer)]));
}

/** A stage that waited, and has been answered; its job is gone. */
function answeredStage({ asked }: RunRecord, stage: string, answer: Answer): StageFact {
  if (answer.error) return { state: 'failed', error: { ...answer.error, step: stage } };
  const startedAt = asked.get(stage)?.at ?? answer.at;
  return { state: 'done', output: answer.output, attempt: 1, startedAt, finishedAt: answer.at };
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

function withoutValues(keys: readonly string[]): readonly (readonly [string, undefined])[] {
  return keys.map((key) => [key, undefined]);
}

type Fields = readonly (readonly [field: string, value: string])[];

/** The fields `<name>/<stage>`, by stage. */
function group<T>(fields: Fields, name: string): Map<string, T> {
  const start = `${name}/`;
  return new Map(
    fields.flatMap(([field, value]) => (field.startsWith(start) ? [[field.slice(start.length), parse<T>(value)]] : [])),
  );
}

function recordOf(run: string, fields: Fields): RunRecord | undefined {
  const plain = new Map(fields);
  const [workflow, input, inputHash] = [plain.get('workflow'), plain.get('input'), plain.get('inputHash')];
  if (workflow === undefined || input === undefined || inputHash === undefined) return undefined;
  const asked = group<Asked>(fields, 'asked');
  const done = group<EffectDone>(fields, 'done');
  for (const [stage, { at, output, error }] of group<Answer>(fields, 'answer')) {
    const startedAt = asked.get(stage)?.at ?? at;
    if (!error) done.set(stage, { attempt: 1, startedAt, finishedAt: at, output });
  }
  const [key, phase, outcome, decision] = ['key', 'phase', 'outcome', 'decision'].map((name) => plain.get(name));
  const clocks = plain.get('clocks');
  const [stop, slaDueAt, retryOf, tags] = ['stop', 'slaDueAt', 'retryOf', 'tags'].map((name) => plain.get(name));
  const [callback, delivery, parent] = ['callback', 'delivery', 'parent'].map((name) => plain.get(name));
  const nested = group<NestedRun>(fields, 'nested');
  const trace = parseTrace(plain.get('trace'));
  return {
    id: run,
    workflow,
    version: Number(plain.get('version')),
    input: parse(input),
    inputHash,
    priority: (plain.get('priority') ?? DEFAULT_PRIORITY) as Priority,
    createdAt: Number(plain.get('createdAt')),
    intents: group<EffectIntent>(fields, 'intent'),
    done,
    failedAttempts: failedAttempts(fields),
    asked,
    answeredFor: group<number>(fields, 'answered-for'),
    words: [...group<OperatorWord>(fields, 'word')].sort(([a], [b]) => Number(a) - Number(b)).map(([, word]) => word),
    ...(key !== undefined && { key }),
    ...(trace && { trace }),
    ...(retryOf !== undefined && { retryOf }),
    ...(tags !== undefined && { tags: parse<Tags>(tags) }),
    ...(parent !== undefined && { parent: parse<ParentStage>(parent) }),
    ...(nested.size > 0 && { nested }),
    ...(plain.has('tried') && { tried: true as const }),
    ...(callback !== undefined && { callback: parse<{ readonly url: string }>(callback) }),
    ...(delivery !== undefined && { delivery: parse<CallbackDelivery>(delivery) }),
    ...(stop !== undefined && { stop: parse<StopRequest>(stop) }),
    ...(slaDueAt !== undefined && { slaDueAt: Number(slaDueAt) }),
    ...(phase !== undefined && { phase: phase as 'compensating' | OperatorStatus }),
    ...(outcome !== undefined && { outcome: parse<RunOutcome>(outcome) }),
    ...(decision !== undefined && { decision: parse<unknown>(decision) }),
    ...(clocks !== undefined && { clocks: clocksOf(run, clocks) }),
  };
}

/** When each clock is due, by its name; the log has it by the clock's job. */
function clocksOf(run: string, json: string): Map<string, number> {
  const known = Object.entries(parse<Readonly<Record<string, string>>>(json));
  return new Map(known.map(([job, due]) => [timerOfJobKey(run, job), Number(due)]));
}

/** The fields `attempt/<stage>/<n>`, by stage and in order. */
function failedAttempts(fields: Fields): Map<string, FailedAttempt[]> {
  const byStage = new Map<string, FailedAttempt[]>();
  for (const [name, attempt] of group<FailedAttempt>(fields, 'attempt')) {
    const stage = name.slice(0, name.lastIndexOf('/'));
    const known = byStage.get(stage);
    if (known) known.push(attempt);
    else byStage.set(stage, [attempt]);
  }
  for (const attempts of byStage.values()) attempts.sort((a, b) => a.n - b.n);
  return byStage;
}
