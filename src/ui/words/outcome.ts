/** What became of a run, in a sentence or two that need no knowledge of its parts. */
import type { RunSummary, StageCounts, TimelineEntry } from '../connection/shapes.js';
import { humanName, stepOfUndo } from './stage-name.js';

export interface Outcome {
  readonly sentence: string;
  /** Why, in the run's own words. */
  readonly because?: string;
}

export function outcomeOf(run: RunSummary, entries: readonly TimelineEntry[], counts: StageCounts): Outcome {
  const why = run.error ? { because: run.error.message } : {};
  const at = run.error?.step === undefined ? '' : ` at “${humanName(run.error.step)}”`;
  switch (run.status) {
    case 'queued':
      return { sentence: 'Accepted. No worker has begun it yet.' };
    case 'running':
      return { sentence: run.stop ? 'Told to stop; what runs is being ended.' : progressText(entries, counts) };
    case 'compensating':
      return { sentence: `It failed${failedStep(entries)}. What happened before is being undone, last first.` };
    case 'completed':
      return { sentence: `${doneText(entries, counts)}${counts.skipped > 0 ? ` ${skippedText(counts)}` : ''}` };
    case 'partial':
      return { sentence: `Done in part: ${partText(counts)}`, ...why };
    case 'failed':
      return { sentence: `Failed${at}.${notUndone(run)}`, ...why };
    case 'cancelled':
      return { sentence: `Cancelled${run.stop?.by ? ` by ${run.stop.by}` : ''}.`, ...why };
    case 'compensated': {
      const undone = entries.filter(({ kind, state }) => kind === 'undo' && state === 'completed').length;
      const what = undone === 1 ? 'Its one effect was' : `All ${undone} effects were`;
      return { sentence: `It failed${failedStep(entries)}. ${what} undone, in reverse order.`, ...why };
    }
    case 'in_doubt':
      return { sentence: `Nobody can tell whether “${humanName(asked(run))}” happened. A person must look.`, ...why };
    case 'step_stuck':
      return {
        sentence: `“${humanName(asked(run))}” cannot be done, and it is too late to undo. A person must say how to go on.`,
        ...why,
      };
    case 'compensation_stuck':
      return { sentence: `“${humanName(asked(run))}” could not be undone. A person must say how to go on.`, ...why };
    case 'waiting_approval':
      return { sentence: `Waiting for a person to approve “${humanName(asked(run))}”.` };
  }
}

function progressText(entries: readonly TimelineEntry[], { waiting, running, completed, failed }: StageCounts): string {
  const now = entries.find(({ kind, state }) => state === 'running' && kind !== 'branch');
  if (now?.kind === 'step') {
    const steps = entries.filter(({ kind }) => kind === 'step');
    return `At “${humanName(now.name)}”, step ${steps.indexOf(now) + 1} of ${steps.length}.`;
  }
  if (now?.kind === 'route') return `Being answered by “${humanName(now.name)}”.`;
  if (now?.kind === 'escalation') return 'Being handed to a person.';
  const branches = entries.some(({ kind }) => kind === 'branch');
  const all = waiting + running + completed + failed;
  if (!branches) return 'In progress.';
  return `${(completed + failed).toLocaleString('en')} of ${all.toLocaleString('en')} branches have ended.`;
}

function doneText(entries: readonly TimelineEntry[], { completed }: StageCounts): string {
  const route = entries.find(({ kind }) => kind === 'route');
  const person = entries.some(({ kind }) => kind === 'escalation');
  if (route) return `Answered by “${humanName(route.name)}”${person ? ', and handed to a person' : ''}.`;
  if (person) return 'Handed straight to a person.';
  const steps = entries.filter(({ kind }) => kind === 'step').length;
  if (steps > 0) return steps === 1 ? 'Its one step is done.' : `All ${steps} steps are done.`;
  return completed === 1 ? 'Its one branch completed.' : `All ${completed.toLocaleString('en')} branches completed.`;
}

function asked({ questions, error }: RunSummary): string {
  return questions?.[0]?.about ?? error?.step ?? 'a step';
}

function failedStep(entries: readonly TimelineEntry[]): string {
  const failed = entries.find(({ kind, state }) => kind === 'step' && state === 'failed');
  return failed ? ` at “${humanName(failed.name)}”` : '';
}

function notUndone({ notUndone: left = [] }: RunSummary): string {
  return left.length === 0 ? '' : ` Not undone: ${left.map((step) => humanName(stepOfUndo(step))).join(', ')}.`;
}

function skippedText({ skipped }: StageCounts): string {
  return skipped === 1 ? 'One part was not needed.' : `${skipped.toLocaleString('en')} parts were not needed.`;
}

function partText({ completed, failed }: StageCounts): string {
  const of = (completed + failed).toLocaleString('en');
  if (failed === 0) return 'a stand-in answered for the one that was asked.';
  return `${completed.toLocaleString('en')} of ${of} succeeded, and what they found is kept.`;
}
