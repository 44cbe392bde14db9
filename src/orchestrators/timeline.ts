/** A run as people and programs outside see it: one document, made from the facts. Pure. */
import type { ErrorRecord } from '../errors.js';
import type { CallbackDelivery, Facts, OperatorWord, RunRecord, RunStatus, StageFact, StopRequest } from '../facts.js';
import type { Tags } from '../tags.js';
import { planBranches } from './decide-fan-out.js';
import { ROOT_STAGE } from './decide-saga.js';
import type { Classification, FanOutDefinition, ListFanOutDefinition, WorkflowDefinition } from './definition.js';
import { whyNotStopped } from './foreign.js';
import { attentionStage, ESCALATION, type StageKind, undoStage } from './move.js';
import { errorAbout, type Question, questionsOf } from './questions.js';
import { retriesOf } from './retry-plan.js';
import { type RoutingDecision, routingDecision } from './routing-decision.js';

export interface TimelineAttempt {
  readonly n: number;
  /** Null when the attempt's worker died before anything was recorded. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error?: ErrorRecord;
}

export interface TimelineEntry {
  readonly name: string;
  readonly kind: StageKind;
  readonly state: 'waiting' | 'running' | 'completed' | 'failed' | 'skipped';
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly attempts: readonly TimelineAttempt[];
  /** Why a branch was skipped, or why a run that is to stop still waits for it. */
  readonly reason?: string;
  /** The run that stands for this stage. */
  readonly run?: string;
}

export interface RunDocument {
  readonly id: string;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly input: unknown;
  readonly output?: unknown;
  readonly error?: ErrorRecord;
  readonly createdAt: number;
  readonly finishedAt?: number;
  /** The run that this one repeats. */
  readonly retryOf?: string;
  readonly tags?: Tags;
  /** The run, and the stage of it, for which this one stands. */
  readonly parent?: { readonly run: string; readonly stage: string };
  /** Set once the run was told to stop. */
  readonly stop?: StopRequest;
  /** What it asks of people now. */
  readonly questions?: readonly Question[];
  /** What people have said of it, in order. */
  readonly words?: readonly OperatorWord[];
  /** Steps of a failed saga that may have happened and were not undone. */
  readonly notUndone?: readonly string[];
  /** Whom its end is told, and how that stands. */
  readonly callback?: RunCallback;
  /** Of a routed run: where it went, and why. */
  readonly decision?: RoutingDecision;
  readonly timeline: readonly TimelineEntry[];
}

export interface RunCallback {
  /** Without its query, where receivers like to put a secret. */
  readonly url: string;
  readonly state: 'waiting' | CallbackDelivery['state'];
  readonly attempts: number;
  /** When the last attempt was made, and why it failed. */
  readonly at?: number;
  readonly error?: string;
}

/** A run without its stages: what there is to tell of one with very many of them at once. */
export type RunSummary = Omit<RunDocument, 'timeline'>;

export function statusOf(facts: Facts): RunStatus {
  const { record } = facts;
  if (record.outcome) return record.outcome.status;
  if (record.phase) return record.phase;
  const begun = [...facts.stages.values()].some((fact) => fact.state !== 'pending' || fact.startedAt !== undefined);
  // One that waits for a signal has begun to, though no job of it ever runs.
  const recorded = record.tried || record.decision !== undefined || record.intents.size > 0 || record.asked.size > 0;
  return begun || recorded ? 'running' : 'queued';
}

/** The document of one run. Without its definition (a worker elsewhere has it) the stages come in the facts' order. */
export function describeRun(definition: WorkflowDefinition | undefined, facts: Facts): RunDocument {
  const timeline = stagesInOrder(definition, facts).map((stage) => timelineEntry(stage, facts, definition));
  return { ...summarizeRun(definition, facts), timeline };
}

/** @param status where the facts do not hold the run's stages, by which it is told whether it has begun */
export function summarizeRun(
  definition: WorkflowDefinition | undefined,
  facts: Facts,
  status = statusOf(facts),
): RunSummary {
  const { record } = facts;
  const questions = questionsOf(definition, facts);
  const decision = routingDecision(definition, facts);
  return {
    id: record.id,
    workflow: record.workflow,
    status,
    input: record.input,
    ...(record.outcome?.output !== undefined && { output: record.outcome.output }),
    ...errorOf(facts),
    createdAt: record.createdAt,
    ...(record.outcome && { finishedAt: record.outcome.finishedAt }),
    ...(record.retryOf !== undefined && { retryOf: record.retryOf }),
    ...(record.tags && { tags: record.tags }),
    ...(record.parent && { parent: { run: record.parent.run, stage: record.parent.stage } }),
    ...(record.stop && { stop: record.stop }),
    ...(questions.length > 0 && { questions }),
    ...(record.words.length > 0 && { words: record.words }),
    ...(record.outcome?.notUndone && { notUndone: record.outcome.notUndone }),
    ...(decision && { decision }),
    ...callbackOf(record),
  };
}

/** A run that was retried in its place will tell of its next end: what became of the last one is past. */
function callbackOf(record: RunRecord): Pick<RunSummary, 'callback'> {
  const { callback, delivery } = record;
  if (!callback) return {};
  const url = callback.url.replace(/[?#].*$/s, '');
  if (delivery?.delivery !== retriesOf(record)) return { callback: { url, state: 'waiting', attempts: 0 } };
  const { state, attempts, at, error } = delivery;
  return { callback: { url, state, attempts, at, ...(error !== undefined && { error }) } };
}

/** Why the run ended as it did, or why it waits for a person: then the failure of the stage that it asks about. */
function errorOf(facts: Facts): Pick<RunDocument, 'error'> {
  const { record, stages } = facts;
  if (record.outcome) return record.outcome.error ? { error: record.outcome.error } : {};
  if (record.phase === undefined || record.phase === 'compensating' || record.phase === 'waiting_approval') return {};
  const failed = [...stages].findLast(
    ([stage, fact]) =>
      fact.state === 'failed' && (record.phase === 'compensation_stuck') === stage.endsWith(undoStage('')),
  );
  if (failed?.[1].state === 'failed') return { error: { ...failed[1].error, step: failed[0] } };
  const own = errorAbout(facts, ROOT_STAGE);
  return own ? { error: own } : {};
}

export interface NamedStage {
  readonly name: string;
  readonly kind: StageKind;
  readonly skipped?: string;
}

function stagesInOrder(definition: WorkflowDefinition | undefined, facts: Facts): readonly NamedStage[] {
  const known = (stage: NamedStage) =>
    facts.stages.has(stage.name) || facts.record.intents.has(stage.name) || stage.skipped !== undefined;
  if (!definition) return unordered(facts, 'step');
  switch (definition.pattern) {
    case 'fan-out':
    case 'list':
      return branchesInOrder(definition, facts);
    case 'router': {
      const decision = facts.record.decision as Classification | undefined;
      const route: NamedStage[] = decision ? [{ name: decision.route, kind: 'route' }] : [];
      return [...route, { name: ESCALATION, kind: 'escalation' as const }].filter(known);
    }
    case 'saga': {
      const forward = definition.steps.map((step) => ({ name: step.name, kind: 'step' as const }));
      const back = definition.steps.map((step) => ({ name: undoStage(step.name), kind: 'undo' as const })).reverse();
      const asked = definition.steps.map((step) => ({ name: attentionStage(step.name), kind: 'attention' as const }));
      const steps = facts.record.phase || facts.record.outcome ? forward.filter(known) : forward;
      return [...steps, ...back.filter(known), ...asked.filter(known)];
    }
  }
}

function unordered(facts: Facts, kind: StageKind): readonly NamedStage[] {
  return [...facts.stages.keys()].map((name) => ({ name, kind }));
}

/** A plan that throws has ended its run as failed; that run must still be readable. */
function branchesInOrder(definition: FanOutDefinition | ListFanOutDefinition, facts: Facts): readonly NamedStage[] {
  try {
    return planBranches(definition, facts.record.input).map(({ stage, kind, skipped }) => ({
      name: stage,
      kind,
      ...(skipped !== undefined && { skipped }),
    }));
  } catch {
    return unordered(facts, 'branch');
  }
}

export function timelineEntry(stage: NamedStage, facts: Facts, definition?: WorkflowDefinition): TimelineEntry {
  const { name, kind, skipped } = stage;
  if (skipped !== undefined) {
    return { name, kind, state: 'skipped', startedAt: null, finishedAt: null, attempts: [], reason: skipped };
  }
  const fact = facts.stages.get(name);
  const attempts = attemptsOf(name, fact, facts.record);
  const last = attempts.at(-1);
  const pendingSince = fact?.state === 'pending' ? fact.startedAt : undefined;
  const state =
    kind === 'branch' && isBetweenAttempts(pendingSince, last) ? 'waiting' : stateOf(fact, facts.record, name);
  const reason = state === 'running' && facts.record.stop && definition ? whyNotStopped(definition, name) : undefined;
  return {
    name,
    kind,
    state,
    startedAt: attempts[0]?.startedAt ?? pendingSince ?? facts.record.intents.get(name)?.at ?? null,
    finishedAt: state === 'completed' || state === 'failed' ? (last?.finishedAt ?? null) : null,
    attempts,
    ...nestedRun(facts.record, name),
    ...(reason !== undefined && { reason }),
  };
}

/**
 * Whether the last attempt failed and no other has begun. So a branch waits, as its job does in its queue: among ten thousand
 * of them those that wait are counted by their queue alone. A step between attempts is under way: its intent stands.
 */
function isBetweenAttempts(pendingSince: number | undefined, last: TimelineAttempt | undefined): boolean {
  if (pendingSince === undefined || last?.error === undefined || last.finishedAt === null) return false;
  return last.finishedAt >= pendingSince;
}

function nestedRun({ nested }: RunRecord, stage: string): Pick<TimelineEntry, 'run'> {
  const run = nested?.get(stage)?.run;
  return run === undefined ? {} : { run };
}

function stateOf(fact: StageFact | undefined, record: RunRecord, name: string): TimelineEntry['state'] {
  if (record.done.has(name) || fact?.state === 'done') return 'completed';
  if (fact?.state === 'failed') return 'failed';
  if (record.intents.has(name) || (fact?.state === 'pending' && fact.startedAt !== undefined)) return 'running';
  return 'waiting';
}

function attemptsOf(name: string, fact: StageFact | undefined, record: RunRecord): readonly TimelineAttempt[] {
  if (fact?.state !== 'pending' && fact?.foreign) return foreignAttempts(fact, fact.foreign);
  const attempts: TimelineAttempt[] = [...(record.failedAttempts.get(name) ?? [])];
  const done = record.done.get(name) ?? (fact?.state === 'done' ? fact : undefined);
  if (done) attempts.push({ n: done.attempt, startedAt: done.startedAt, finishedAt: done.finishedAt });
  // A job that never reached our processor's end (it was removed, or it crashed its workers) left no attempt of its own.
  if (fact?.state === 'failed' && attempts.length === 0) {
    attempts.push({ n: 1, startedAt: null, finishedAt: null, error: fact.error });
  }
  return attempts;
}

/** As its job tells them, or one without times when that job is gone; the last one's end is the stage's. */
function foreignAttempts(
  fact: Exclude<StageFact, { state: 'pending' }>,
  told: readonly TimelineAttempt[],
): readonly TimelineAttempt[] {
  const attempts = told.length > 0 ? told : [{ n: 1, startedAt: null, finishedAt: null }];
  return attempts.map((attempt, at) =>
    fact.state === 'failed' && at === attempts.length - 1 ? { ...attempt, error: fact.error } : attempt,
  );
}
