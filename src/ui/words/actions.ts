/** What a person may do to a run as it stands, as buttons. The server decides; this only leaves out what it would refuse. */
import type { RunSummary, TimelineEntry } from '../connection/shapes.js';
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
  /** The stage that it is about, where a run may ask about several. */
  readonly stage?: string;
}

type QueueOf = (entry: TimelineEntry) => string | undefined;

/** The queue of stages that wait for a signal. */
const SIGNALS_QUEUE = 'signals';
/** A list may wait for thousands; those have the command line and the API. */
const SIGNALS_SHOWN = 3;

export function actionsOf(run: RunSummary, entries: readonly TimelineEntry[]): readonly Action[] {
  switch (run.status) {
    case 'queued':
    case 'running':
    case 'waiting_approval':
      return run.stop ? [] : [cancelAction(run, entries)];
    case 'failed':
    case 'partial':
    case 'cancelled':
    case 'compensated':
      return [retryAction(run, entries)];
    default:
      return [];
  }
}

/** Signals that the run waits for, of which a person may stand in for the sender. */
export function signalsOf(entries: readonly TimelineEntry[], queueOf: QueueOf): readonly Action[] {
  const waiting = entries.filter((entry) => entry.state === 'waiting' && queueOf(entry) === SIGNALS_QUEUE);
  return waiting.slice(0, SIGNALS_SHOWN).map(({ name }) => ({
    name: 'signal',
    label: `Send “${humanName(name)}”`,
    consequence: `“${humanName(name)}” gets this value, and the run goes on. The first value stands.`,
    weight: 'plain',
    reason: 'none',
    stage: name,
  }));
}

function cancelAction({ id }: RunSummary, entries: readonly TimelineEntry[]): Action {
  const saga = entries.some(({ kind }) => kind === 'step');
  const consequence = saga
    ? 'Nothing more begins. What it has done so far is undone, last first.'
    : 'Nothing more begins, and what runs is stopped. Results that there are stay.';
  return {
    name: 'cancel',
    label: 'Cancel run',
    consequence: `Run ${id}: ${consequence}`,
    weight: 'danger',
    reason: 'optional',
  };
}

function retryAction({ status }: RunSummary, entries: readonly TimelineEntry[]): Action {
  const undone = entries.some(({ kind, state }) => kind === 'undo' && state === 'completed');
  const again = { name: 'retry', weight: 'main', reason: 'optional' } as const;
  if (undone || (status !== 'failed' && status !== 'partial')) {
    return {
      ...again,
      label: 'Run again',
      consequence: 'Its input is run again as a new run; this one stays as it is.',
    };
  }
  const failed = entries.filter(({ state, kind }) => state === 'failed' && kind !== 'undo');
  return {
    ...again,
    label: `Retry ${whatFailed(failed)}`,
    consequence: 'What failed is tried again; the results of the rest stand.',
  };
}

function whatFailed([first, ...more]: readonly TimelineEntry[]): string {
  if (!first || more.length > 0) return 'what failed';
  return `${first.kind === 'step' ? 'from ' : ''}“${humanName(first.name)}”`;
}

/** The answers to one question, the usual one first. */
export function answersOf(question: NonNullable<RunSummary['questions']>[number]): readonly Action[] {
  const what = `“${humanName(question.about)}”`;
  const undo = question.status === 'compensation_stuck';
  const all: Readonly<Record<string, Omit<Action, 'name' | 'stage'>>> = {
    approve: {
      label: 'Approve',
      consequence: `${what} counts as done, and the run goes on.`,
      weight: 'main',
      reason: 'optional',
    },
    reject: { label: 'Reject', consequence: `${what} fails as rejected.`, weight: 'plain', reason: 'optional' },
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
    return action ? [{ ...action, name: name as ActionName, stage: question.about }] : [];
  });
}
