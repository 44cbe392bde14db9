/** I1 every accepted run ends; I8 once, and everybody is told the same end. */
import {
  type Facts,
  type FinalStatus,
  isFinalStatus,
  isSettledStatus,
  type RunRecord,
  type RunStatus,
} from '../../facts.js';
import { statusOf } from '../timeline.js';
import type { History, Submission, Telling } from './history.js';
import type { Verdict } from './verdict.js';

/** Ends after which a run can be begun anew in its place. */
const RETRIED: ReadonlySet<FinalStatus> = new Set(['failed', 'partial']);

/** The runs that the client saw accepted, each with the first line of its journal about it. */
export function acceptedRuns({ submissions }: History): ReadonlyMap<string, Submission> {
  const accepted = new Map<string, Submission>();
  for (const submission of submissions) {
    const { answer } = submission;
    if (answer.kind === 'accepted' && !accepted.has(answer.run)) accepted.set(answer.run, submission);
  }
  return accepted;
}

export function checkEnds(history: History, verdict: Verdict): void {
  for (const [run, submission] of acceptedRuns(history)) {
    const facts = history.runs.get(run);
    verdict.check('I1', run, facts !== undefined, 'a record of the accepted run', 'none');
    if (facts) checkEnd(history, verdict, submission, facts);
  }
  for (const { run, job, state } of history.openJobs ?? []) {
    const facts = history.runs.get(run);
    const ended = facts === undefined || isFinalStatus(statusOf(facts));
    verdict.check('I1', run, !ended, 'no job left of a run that has ended', `${job}: ${state}`);
  }
}

function checkEnd({ withinMs }: History, verdict: Verdict, submission: Submission, facts: Facts): void {
  const { id: run, outcome } = facts.record;
  const status = statusOf(facts);
  verdict.check('I1', run, isSettledStatus(status), 'an end, or a question to a person', status);
  if (submission.ends) {
    verdict.check('I1', run, submission.ends.includes(status), submission.ends.join(' or '), endText(facts, status));
  }
  if (outcome) {
    const pending = [...facts.stages].filter(([, fact]) => fact.state === 'pending').map(([stage]) => stage);
    verdict.check('I1', run, pending.length === 0, 'no stage pending after its end', pending.join(', '));
  }
  // What a person has begun anew was not in the time of its acceptance.
  if (outcome && withinMs !== undefined && retries(facts.record) === 0) {
    const took = outcome.finishedAt - submission.at;
    verdict.check('I1', run, took <= withinMs, `an end within ${withinMs} ms`, `${took} ms`);
  }
}

function endText({ record, stages }: Facts, status: RunStatus): string {
  const failed = [...stages].find(([, fact]) => fact.state === 'failed');
  const error = record.outcome?.error ?? (failed?.[1].state === 'failed' ? failed[1].error : undefined);
  return error ? `${status} (${error.code}: ${error.message})` : status;
}

export function checkTellings(history: History, verdict: Verdict): void {
  for (const [run, told] of endsByRun(history.tellings)) {
    const record = history.runs.get(run)?.record;
    const stands = record?.outcome?.status ?? 'no outcome';
    const before = [...new Set(told)].filter((status) => status !== stands);
    const holds = before.length <= retries(record) && before.every((status) => RETRIED.has(status));
    verdict.check('I8', run, holds, `told of one end, ${stands}`, [...new Set(told)].join(' and '));
  }
  // A run's end is written with its entry in the stream: two entries are two ends, also when they agree. The ends before
  // the last are those of a run that a person had retried in its place, which its record says.
  for (const [run, ends] of endsByRun(history.endings)) {
    const again = retries(history.runs.get(run)?.record);
    const holds = ends.length <= again + 1 && ends.slice(0, -1).every((status) => RETRIED.has(status));
    const expected = again === 0 ? 'one recorded end' : `at most ${again + 1} recorded ends, each but the last retried`;
    verdict.check('I8', run, holds, expected, ends.join(', '));
  }
}

function endsByRun(told: readonly Telling[] = []): ReadonlyMap<string, readonly FinalStatus[]> {
  const ends = new Map<string, FinalStatus[]>();
  for (const { run, status } of told) {
    if (isFinalStatus(status)) ends.set(run, [...(ends.get(run) ?? []), status]);
  }
  return ends;
}

/** How often a person had the run begun anew in its place. */
function retries(record: RunRecord | undefined): number {
  return record?.words.filter(({ command }) => command === 'retry').length ?? 0;
}
