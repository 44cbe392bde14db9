/** What became of a run, in a sentence or two that need no knowledge of its parts. What is not known is not said. Pure. */
import type { RunSummary, WorkflowShape } from '../connection/shapes.js';
import { doneText, type KnownStages, type Look, lookOf, named, partText, progressText } from './outcome-parts.js';
import { humanName, stepOfUndo } from './stage-name.js';
import { FINAL } from './status.js';

export type { KnownStages } from './outcome-parts.js';

export interface Outcome {
  readonly sentence: string;
  /** Why, in the run's own words. */
  readonly because?: string;
}

type Stop = NonNullable<RunSummary['stop']>;

/** Codes of what ended only because the run was to stop. */
const STOPPED: ReadonlySet<string> = new Set(['CANCELLED', 'DEADLINE_EXCEEDED']);

/** @param stages undefined until they are known; @param shape undefined where the workflow is not known here */
export function outcomeOf(run: RunSummary, stages: KnownStages | undefined, shape: WorkflowShape | undefined): Outcome {
  return {
    sentence: sentenceOf(lookOf(run, stages, shape)),
    ...(run.error && { because: run.error.message }),
  };
}

function sentenceOf(look: Look): string {
  const { run } = look;
  const { stop } = run;
  switch (run.status) {
    case 'queued':
      return stop ? `${stopText(stop)} It is being ended.` : 'Accepted. Nothing of it has begun yet.';
    case 'running':
      return stop ? stopping(stop) : progressText(look);
    case 'waiting_approval':
      return stop ? stopping(stop) : `Waiting for a person to approve ${askedText(run)}.`;
    case 'compensating':
      return `${wentWrong(look)} What can be undone is being undone, last first.`;
    case 'completed':
      return doneText(look);
    case 'partial':
      return partText(look);
    case 'failed':
      return `${failedText(look)}${notUndone(run)}`;
    case 'cancelled':
      return stop ? stopText(stop) : 'Cancelled.';
    case 'compensated':
      return `${wentWrong(look)} ${undoneText(look)}`;
    case 'in_doubt':
      return `${stop ? `${wentWrong(look)} ` : ''}Nobody can tell whether ${askedText(run)} happened. A person must look.`;
    case 'step_stuck':
      return `${stuckText(run)}, and it is too late to undo. A person must say how to go on.`;
    case 'compensation_stuck':
      return `${wentWrong(look)} ${askedText(run)} could not be undone. A person must say how to go on.`;
  }
}

function stopping(stop: Stop): string {
  return `${stopText(stop, 'are')} What runs is being ended.`;
}

function stopText({ cause, by, stage }: Stop, others: 'are' | 'were' = 'were'): string {
  switch (cause) {
    case 'cancelled':
      return `Cancelled${by === undefined ? '' : ` by ${by}`}.`;
    case 'deadline':
      return 'Its deadline passed.';
    case 'branch_failed':
      return `${stage === undefined ? 'A branch' : named(stage)} failed, and so the others ${others} stopped.`;
    case 'quorum':
      return `Enough branches ${others === 'are' ? 'have' : 'had'} ended to decide it.`;
  }
}

/** Why it did not go through. A step that failed by itself before the run was told to stop is the reason, and not the stop. */
function wentWrong(look: Look): string {
  const { run, entries } = look;
  const failed = entries.find(({ kind, state }) => kind === 'step' && state === 'failed');
  // While it waits for a person the run's error is that of what it asks about.
  const own = FINAL.has(run.status) ? run.error : undefined;
  const code = own?.code ?? failed?.attempts.at(-1)?.error?.code;
  if (run.stop && (code === undefined || STOPPED.has(code))) return stopText(run.stop);
  const at = own?.step ?? failed?.name;
  return at === undefined || isRoot(at) ? 'It failed.' : `It failed at ${named(at)}.`;
}

function failedText(look: Look): string {
  const { run, pattern, counts } = look;
  const { error, stop, words = [] } = run;
  const last = words.at(-1);
  if (last?.command === 'abandon') return `Abandoned${last.by === undefined ? '' : ` by ${last.by}`}.`;
  if (error?.code === 'QUORUM_NOT_MET') return 'Too few of its branches completed.';
  if (error?.code === 'ALL_BRANCHES_FAILED') {
    const all = counts && counts.waiting + counts.running + counts.completed === 0 ? counts.failed : undefined;
    return all === undefined ? 'All of its branches failed.' : allFailed(all);
  }
  if (stop?.cause === 'deadline' && error?.code === 'DEADLINE_EXCEEDED') {
    if (pattern === 'fan-out') return 'Its deadline passed before any branch had completed.';
    return pattern === 'router' ? 'Its deadline passed before there was an answer.' : stopText(stop);
  }
  if (stop?.cause === 'branch_failed' || (stop?.cause === 'cancelled' && error?.code === 'CANCELLED')) {
    return stopText(stop);
  }
  return error?.step === undefined || isRoot(error.step) ? 'Failed.' : `Failed at ${named(error.step)}.`;
}

function allFailed(count: number): string {
  return count === 1 ? 'Its one branch failed.' : `All ${count.toLocaleString('en')} branches failed.`;
}

/** An undo runs for each step that may have happened; how many of these had an effect, nobody knows. */
function undoneText({ entries }: Look): string {
  const undos = entries.filter(({ kind, state }) => kind === 'undo' && state === 'completed').length;
  if (undos === 0) return 'What can be undone was undone.';
  return undos === 1
    ? 'What can be undone was undone: 1 undo.'
    : `What can be undone was undone, last first: ${undos} undos.`;
}

function askedText({ questions = [], error }: RunSummary): string {
  const about = questions[0]?.about ?? error?.step;
  const more = questions.length > 1 ? ` and ${questions.length - 1} more` : '';
  return about === undefined ? 'a step' : `${named(about)}${more}`;
}

function stuckText(run: RunSummary): string {
  const about = run.questions?.[0]?.about ?? run.error?.step;
  return about !== undefined && isRoot(about) ? 'Its result cannot be made' : `${askedText(run)} cannot be done`;
}

function notUndone({ notUndone: left = [] }: RunSummary): string {
  return left.length === 0 ? '' : ` Not undone: ${left.map((step) => humanName(stepOfUndo(step))).join(', ')}.`;
}

/** A failure of the run's own, and of none of its stages. */
function isRoot(stage: string): boolean {
  return stage.startsWith('~');
}
