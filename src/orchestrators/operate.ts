/**
 * A person's word about a run that waits for one: whether it may be said, and what becomes of the facts. Pure; carried
 * out by `queues/run-control.ts` in one script, which refuses when the run has moved on in the meantime.
 *
 * No word decides anything by itself. It changes what is known, and the root decides again.
 */
import { SwitchyardError } from '../errors.js';
import type { EffectDone, Facts, OperatorCommand, OperatorStatus, OperatorWord } from '../facts.js';
import { describeIssues, issuesOf } from '../schema.js';
import { decide } from './decide.js';
import { ROOT_STAGE } from './decide-saga.js';
import type { SagaDefinition, WorkflowDefinition } from './definition.js';
import { undoStage } from './move.js';
import { answersTo, errorAbout } from './questions.js';
import { stepOf, taskOf } from './stage-task.js';
import { statusOf } from './timeline.js';

export interface OperatorRequest {
  readonly command: Extract<OperatorCommand, 'resume' | 'resolve' | 'skip' | 'abandon'>;
  readonly by?: string;
  readonly reason?: string;
  /** What the question is about that is answered; where the run asks about another stage by now, the word is refused. */
  readonly stage?: string | undefined;
  /** Of `resolve`. */
  readonly happened?: boolean;
  /** Of `resolve` for a step that happened: what it returned. */
  readonly output?: unknown;
}

/** How the facts change. */
export interface Statement {
  /** The state in which it may be said; in any other, the run has moved on. */
  readonly from: Exclude<OperatorStatus, 'waiting_approval'>;
  /** The state that the run goes back to; undefined: it goes forward. */
  readonly to: 'compensating' | undefined;
  /** The step whose question is answered. */
  readonly question: string;
  readonly word: OperatorWord;
  /** The stage whose failed job is forgotten, so that it is tried again. */
  readonly again?: string;
  /** Attempts at a stage up to this one are answered for. */
  readonly answeredFor?: { readonly stage: string; readonly attempt: number };
  /** The effect that a person says has happened. */
  readonly done?: EffectDone;
}

/** @throws SwitchyardError ILLEGAL_STATE, INVALID_INPUT */
export function operate(
  definition: WorkflowDefinition,
  facts: Facts,
  request: OperatorRequest,
  now: number,
): Statement {
  const { record } = facts;
  const move = record.outcome ? undefined : decide(definition, facts);
  if (definition.pattern !== 'saga' || move?.kind !== 'ask' || record.phase !== move.status) {
    throw illegal(facts, request, 'it asks nothing that this would answer');
  }
  const { status, about: step } = move;
  const stage = status === 'compensation_stuck' ? undoStage(step) : step;
  if (request.stage !== undefined && request.stage !== stage) {
    throw illegal(facts, request, `it asks about "${stage}" now, not about "${request.stage}": look at it again`);
  }
  const answers = answersTo(status, errorAbout(facts, stage));
  if (!answers.includes(request.command)) {
    throw illegal(facts, request, `about "${stage}" it takes ${answers.join(', ')}`);
  }
  assertReason(facts, request);
  const to = status === 'compensation_stuck' ? ('compensating' as const) : undefined;
  const said: Statement = { from: status, to, question: step, word: wordOf(request, stage, now) };
  switch (request.command) {
    case 'skip':
    case 'abandon':
      return said;
    case 'resume':
      return { ...said, ...tryAgain(facts, stage) };
    case 'resolve':
      if (request.happened === undefined)
        throw invalid(record.id, 'say whether the effect happened: --happened, or --not-happened');
      if (!request.happened) return { ...said, ...tryAgain(facts, stage) };
      return { ...said, done: resolved(definition, facts, request, stage, now) };
  }
}

/** The root has no failed job to forget: it decides again as soon as its question is answered. */
function tryAgain(facts: Facts, stage: string): Pick<Statement, 'again' | 'answeredFor'> {
  const answeredFor = { stage, attempt: lastAttempt(facts, stage) };
  return stage === ROOT_STAGE ? { answeredFor } : { again: stage, answeredFor };
}

function wordOf({ command, by, reason, happened }: OperatorRequest, stage: string, at: number): OperatorWord {
  return {
    command,
    at,
    stage,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    ...(happened !== undefined && { happened }),
  };
}

/** The effect's end, by a person's word instead of the tool's. */
function resolved(
  definition: SagaDefinition,
  facts: Facts,
  request: OperatorRequest,
  stage: string,
  now: number,
): EffectDone {
  const kind = stepOf(definition.steps, { kind: 'step', stage }) ? 'step' : 'undo';
  const { output: shape } = taskOf(definition, { kind, stage });
  const parsed = shape && kind === 'step' ? shape.safeParse(request.output) : undefined;
  if (parsed && !parsed.success) {
    throw invalid(
      facts.record.id,
      `"${stage}" returns something that later steps and the result are made of; give it with --output: ${describeIssues(issuesOf(parsed.error))}`,
    );
  }
  const attempt = Math.max(1, lastAttempt(facts, stage));
  const startedAt = facts.record.intents.get(stage)?.at ?? now;
  return { attempt, startedAt, finishedAt: now, output: parsed?.data ?? request.output ?? null };
}

function lastAttempt({ record }: Facts, stage: string): number {
  const failed = record.failedAttempts.get(stage)?.at(-1)?.n ?? 0;
  return Math.max(failed, record.intents.get(stage)?.attempt ?? 0);
}

function assertReason({ record }: Facts, { command, reason }: OperatorRequest): void {
  if ((command !== 'skip' && command !== 'abandon') || (reason !== undefined && reason.trim() !== '')) return;
  throw invalid(record.id, `${command} leaves something as it is; say why, for whoever asks later: --reason`);
}

function illegal(facts: Facts, { command }: OperatorRequest, why: string): SwitchyardError {
  return new SwitchyardError(
    'ILLEGAL_STATE',
    `run ${facts.record.id} is ${statusOf(facts)}, which is no state to ${command} in: ${why}`,
  );
}

function invalid(run: string, why: string): SwitchyardError {
  return new SwitchyardError('INVALID_INPUT', `run ${run}: ${why}`);
}
