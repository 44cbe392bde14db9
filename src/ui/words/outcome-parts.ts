/** How far a run has come and what it has done, by its pattern. What was read while it went on is not taken for its end. Pure. */
import type { RunSummary, StageCounts, TimelineEntry, WorkflowShape } from '../connection/shapes.js';
import { humanName } from './stage-name.js';

export interface KnownStages {
  /** Stages of the whole run. */
  readonly total: number;
  /** Of the whole run, whatever is shown of it. */
  readonly counts: StageCounts;
  /** Those that are here: of a wide run not all, and perhaps those of one state only. */
  readonly entries: readonly TimelineEntry[];
}

export interface Look {
  readonly run: RunSummary;
  readonly shape: WorkflowShape | undefined;
  readonly pattern: 'fan-out' | 'router' | 'saga' | undefined;
  /** Undefined until they are known. */
  readonly counts: StageCounts | undefined;
  /** Every stage, or none: of some of them nothing can be said. */
  readonly entries: readonly TimelineEntry[];
  readonly isWhole: boolean;
}

export function lookOf(run: RunSummary, stages: KnownStages | undefined, shape: WorkflowShape | undefined): Look {
  const isWhole = stages !== undefined && stages.entries.length === stages.total;
  return {
    ...{ run, shape, isWhole },
    pattern: patternOf(run, stages?.entries ?? [], shape),
    counts: stages?.counts,
    entries: isWhole ? stages.entries : [],
  };
}

/** Without its definition a server takes every stage for a step, so steps alone make no saga. */
function patternOf(
  { decision }: RunSummary,
  entries: readonly TimelineEntry[],
  shape: WorkflowShape | undefined,
): Look['pattern'] {
  if (shape) return shape.pattern === 'list' ? 'fan-out' : shape.pattern;
  if (decision) return 'router';
  return entries.some(({ kind }) => kind === 'branch') ? 'fan-out' : undefined;
}

export function progressText(look: Look): string {
  switch (look.pattern) {
    case 'fan-out': {
      const { counts } = look;
      const planned = counts ? plannedIn(counts) : 0;
      if (!counts || planned === 0) return 'In progress.';
      return `${number(counts.completed + counts.failed)} of ${number(planned)} branches have ended.`;
    }
    case 'router':
      return routeProgress(look);
    case 'saga':
      return stepProgress(look);
    case undefined:
      return 'In progress.';
  }
}

function routeProgress({ run: { decision }, entries }: Look): string {
  if (!decision) return 'In progress.';
  const route = entries.find(({ kind }) => kind === 'route');
  const person = entries.find(({ kind }) => kind === 'escalation');
  const isAsked = person?.state === 'running' || person?.state === 'waiting';
  if (route?.state === 'running')
    return `Being answered by ${named(route.name)}${isAsked ? ', and handed to a person' : ''}.`;
  if (isAsked) return 'Being handed to a person.';
  return `Decided for ${named(decision.route)}${route?.state === 'waiting' ? ', which has not begun' : ''}.`;
}

function stepProgress({ entries, shape, isWhole }: Look): string {
  const steps = entries.filter(({ kind }) => kind === 'step');
  const at = steps.findIndex(({ state }) => state !== 'completed');
  const next = steps[at];
  if (!isWhole || !next) return 'In progress.';
  const place = `step ${at + 1} of ${steps.length}`;
  if (next.state === 'running') return `At ${named(next.name)}, ${place}.`;
  if (next.state !== 'waiting') return 'In progress.';
  const waits = shape?.pattern === 'saga' ? shape.steps.find(({ name }) => name === next.name)?.waits : undefined;
  if (waits === 'signal') return `Waiting for ${named(next.name)} from outside, ${place}.`;
  return `${at} of ${steps.length} steps ${at === 1 ? 'is' : 'are'} done; ${named(next.name)} has not begun.`;
}

export function doneText(look: Look): string {
  switch (look.pattern) {
    case 'fan-out':
      return branchesDone(look);
    case 'router':
      return routeDone(look);
    case 'saga': {
      const { entries, isWhole, shape } = look;
      const own = isWhole ? entries.filter(({ kind }) => kind === 'step').length : undefined;
      const steps = own ?? (shape?.pattern === 'saga' ? shape.steps.length : 0);
      if (steps === 0) return 'Completed.';
      return steps === 1 ? 'Its one step is done.' : `All ${steps} steps are done.`;
    }
    case undefined:
      return 'Completed.';
  }
}

function branchesDone({ run: { stop }, shape, counts }: Look): string {
  const policy = shape?.pattern === 'fan-out' || shape?.pattern === 'list' ? shape.onFailure : undefined;
  const quorum = typeof policy === 'object' ? policy.quorum : undefined;
  const isQuorum = quorum !== undefined || stop?.cause === 'quorum';
  if (!counts) return isQuorum ? 'Enough of its branches completed.' : 'Completed.';
  const { completed, skipped } = counts;
  const planned = plannedIn(counts);
  if (planned === 0) return skipped === 0 ? 'There was nothing to do.' : 'No branch was needed.';
  if (completed === planned) {
    const unneeded =
      skipped === 0 ? '' : skipped === 1 ? ' One was not needed.' : ` ${number(skipped)} were not needed.`;
    return `${planned === 1 ? 'Its one branch' : `All ${number(planned)} branches`} completed.${unneeded}`;
  }
  if (!isQuorum) return 'Completed.';
  const share = `${number(completed)} of ${number(planned)} branches completed`;
  return quorum === undefined ? `${share}, which was enough.` : `${share}; ${number(quorum)} were enough.`;
}

function routeDone({ run: { decision }, entries, isWhole }: Look): string {
  if (!decision) return 'Completed.';
  const { escalate, escalatedFor } = decision;
  if (!isWhole) {
    if (escalate !== undefined) return escalatedFor === undefined ? 'Completed.' : 'Handed straight to a person.';
    return `Answered by ${named(decision.route)}${escalatedFor === undefined ? '' : ', and handed to a person'}.`;
  }
  const isHanded = entries.some(({ kind }) => kind === 'escalation');
  const isAnswered = entries.some(({ kind, state }) => kind === 'route' && state === 'completed');
  if (isAnswered) return `Answered by ${named(decision.route)}${isHanded ? ', and handed to a person' : ''}.`;
  return isHanded ? 'Handed straight to a person.' : 'Completed.';
}

export function partText(look: Look): string {
  const isLate = look.run.stop?.cause === 'deadline';
  const done = look.pattern === 'fan-out' ? branchesPart(look, isLate) : routePart(look, isLate);
  if (done === undefined) {
    return isLate ? 'Its deadline passed. What had been done by then is kept.' : 'Done in part.';
  }
  return `${isLate ? 'Its deadline passed' : 'Done in part'}: ${done}.`;
}

function branchesPart({ counts, run: { stop } }: Look, isLate: boolean): string | undefined {
  // What never ran goes on waiting in a run that was stopped; in another it says that there was more to come.
  if (!counts || counts.running > 0 || (!stop && counts.waiting > 0)) return undefined;
  const share = `${number(counts.completed)} of ${number(plannedIn(counts))} branches`;
  return `${share} ${isLate ? 'had completed' : 'completed'}, and what they found is kept`;
}

function routePart({ entries, run: { decision } }: Look, isLate: boolean): string | undefined {
  const route = entries.find(({ kind }) => kind === 'route');
  const person = entries.find(({ kind }) => kind === 'escalation');
  const isHanded = person?.state === 'completed';
  if (!decision) return undefined;
  if (isLate) {
    if (route?.state === 'completed') return `${named(decision.route)} had answered`;
    return isHanded ? 'it had been handed to a person' : undefined;
  }
  const failedToo = person?.state === 'failed' ? 'it could not be handed to a person' : undefined;
  if (route?.state === 'failed') {
    const handed = isHanded ? 'it was handed to a person' : failedToo;
    return `a stand-in answered for ${named(decision.route)}${handed === undefined ? '' : `, and ${handed}`}`;
  }
  if (failedToo !== undefined) return failedToo;
  return route?.state === 'completed' ? `${named(decision.route)} answered in part` : undefined;
}

function plannedIn({ waiting, running, completed, failed }: StageCounts): number {
  return waiting + running + completed + failed;
}

function number(count: number): string {
  return count.toLocaleString('en');
}

export function named(stage: string): string {
  return `“${humanName(stage)}”`;
}
