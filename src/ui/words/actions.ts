/** What a person may do to a run as it stands, as buttons. The server decides; this only leaves out what it would refuse. */
import type { Question, RunSummary, StageCounts, TimelineEntry, WorkflowShape } from '../connection/shapes.js';
import { isSignal } from '../run/queue-of.js';
import { humanName } from './stage-name.js';

export type ActionName =
  | 'cancel'
  | 'retry'
  | 'resume'
  | 'skip'
  | 'abandon'
  | 'approve'
  | 'reject'
  | 'resolve'
  | 'signal';

export interface Action {
  readonly name: ActionName;
  readonly label: string;
  /** What will happen, said before it is confirmed. */
  readonly consequence: string;
  /** `main`: the usual answer; `danger`: it leaves something behind that no button brings back. */
  readonly weight: 'main' | 'plain' | 'danger';
  readonly reason: 'required' | 'optional' | 'none';
  /** What it is about, of an answer: the server refuses it when something else is asked by then. */
  readonly stage?: string;
  /** When that was asked: the same stage may ask again. */
  readonly since?: number | undefined;
}

/** A run as far as it is known here. */
export interface KnownRun {
  readonly run: RunSummary;
  /** Of a wide run not all. */
  readonly entries: readonly TimelineEntry[];
  readonly counts: StageCounts | undefined;
  /** Undefined where its workflow is not known. */
  readonly shape: WorkflowShape | undefined;
}

/** A list may wait for thousands; those have the command line and the API. */
const SIGNALS_SHOWN = 3;

export function actionsOf(known: KnownRun): readonly Action[] {
  const { run } = known;
  switch (run.status) {
    case 'queued':
    case 'running':
    case 'waiting_approval':
      return run.stop || isPastPivot(known) ? [] : [cancelAction(known)];
    case 'failed':
    case 'partial':
    case 'cancelled':
    case 'compensated':
      return [retryAction(known)];
    default:
      return [];
  }
}

/** Signals that the run waits for, of which a person may stand in for the sender. */
export function signalsOf({ entries, shape }: KnownRun): readonly Action[] {
  const waiting = entries.filter((entry) => entry.state === 'waiting' && isSignal(shape, entry));
  return waiting.slice(0, SIGNALS_SHOWN).map(({ name }) => ({
    name: 'signal',
    label: `Send “${humanName(name)}”`,
    consequence: `“${humanName(name)}” gets this value, and the run goes on. The first value stands.`,
    weight: 'plain',
    reason: 'none',
    stage: name,
  }));
}

/** Whether what was offered then is offered now: a confirmation that is out of date would be given for something else. */
export function isOffered(action: Action, known: KnownRun): boolean {
  const answers = (known.run.questions ?? []).flatMap((question) => answersOf(question, known));
  return [...signalsOf(known), ...actionsOf(known), ...answers].some(
    ({ name, stage, since }) => name === action.name && stage === action.stage && since === action.since,
  );
}

/** Begun is enough: nobody knows whether it has happened until its end is recorded. */
function isPastPivot({ entries, shape }: KnownRun): boolean {
  if (shape?.pattern !== 'saga') return false;
  const pivot = shape.steps.find((step) => step.pivot)?.name;
  return entries.some(({ name, kind, state }) => kind === 'step' && name === pivot && state !== 'waiting');
}

function isSaga({ entries, shape }: KnownRun): boolean {
  return shape ? shape.pattern === 'saga' : entries.some(({ kind }) => kind === 'step');
}

function cancelAction(known: KnownRun): Action {
  const consequence = isSaga(known)
    ? 'Nothing more begins. What it has done so far is undone, last first.'
    : 'Nothing more begins, and what runs is stopped. Results that there are stay.';
  return {
    name: 'cancel',
    label: 'Cancel run',
    consequence: `Run ${known.run.id}: ${consequence}`,
    weight: 'danger',
    reason: 'optional',
  };
}

function retryAction(known: KnownRun): Action {
  const { run, entries } = known;
  const undone = entries.some(({ kind, state }) => kind === 'undo' && state === 'completed');
  const again = { name: 'retry', weight: 'main', reason: 'optional' } as const;
  if (undone || (run.status !== 'failed' && run.status !== 'partial')) {
    return {
      ...again,
      label: 'Run again',
      consequence: 'Its input is run again as a new run; this one stays as it is.',
    };
  }
  return {
    ...again,
    label: `Retry ${whatFailed(known)}`,
    consequence: 'What failed is tried again; the results of the rest stand.',
  };
}

/** By the counts of the whole run: which of its stages are here depends on where somebody has scrolled. */
function whatFailed({ entries, counts }: KnownRun): string {
  const failed = entries.filter(({ state, kind }) => state === 'failed' && kind !== 'undo');
  const undos = entries.filter(({ state, kind }) => state === 'failed' && kind === 'undo').length;
  const count = counts ? counts.failed - undos : failed.length;
  const [first] = failed;
  if (count > 1) return `the ${count.toLocaleString('en')} that failed`;
  return first && count === 1 ? `${first.kind === 'step' ? 'from ' : ''}“${humanName(first.name)}”` : 'what failed';
}

function rejection(known: KnownRun): Pick<Action, 'consequence' | 'weight'> {
  if (!isSaga(known)) return { consequence: 'fails as rejected, as if its work had failed.', weight: 'plain' };
  if (isPastPivot(known)) {
    return {
      consequence: 'fails as rejected. It is too late to undo what was done: a person must say how the run goes on.',
      weight: 'danger',
    };
  }
  return {
    consequence: 'fails as rejected, and with it the run: what it has done so far is undone, last first.',
    weight: 'danger',
  };
}

/** The answers to one question, the usual one first. */
export function answersOf(question: Question, known: KnownRun): readonly Action[] {
  const what = `“${humanName(question.about)}”`;
  const undo = question.status === 'compensation_stuck';
  const rejected = rejection(known);
  const all: Readonly<Record<string, Omit<Action, 'name' | 'stage'>>> = {
    approve: {
      label: 'Approve',
      consequence: `${what} counts as done, and the run goes on.`,
      weight: 'main',
      reason: 'optional',
    },
    reject: {
      label: 'Reject',
      consequence: `${what} ${rejected.consequence}`,
      weight: rejected.weight,
      reason: 'optional',
    },
    resume: {
      label: undo ? 'Try the undo again' : 'Try it again',
      consequence: `${undo ? 'The undo of ' : ''}${what} is tried again, with its own key.`,
      weight: 'main',
      reason: 'optional',
    },
    resolve: {
      label: 'Say what happened',
      consequence: `You have looked, and know whether ${undo ? 'the undo of ' : ''}${what} happened. Your word counts.`,
      weight: question.status === 'in_doubt' ? 'main' : 'plain',
      reason: 'optional',
    },
    skip: {
      label: 'Leave it undone',
      consequence: `${what} stays as it is, the other undos go on, and the run ends as failed.`,
      weight: 'danger',
      reason: 'required',
    },
    abandon: {
      label: 'Abandon run',
      consequence: 'The run ends as failed. All that is still to be undone is left standing.',
      weight: 'danger',
      reason: 'required',
    },
  };
  return question.answers.flatMap((name) => {
    const action = all[name];
    return action ? [{ ...action, name: name as ActionName, stage: question.about, since: question.since }] : [];
  });
}
