/** I1 every accepted run ends; I8 once, and everybody is told the same end. */
import type { Facts } from '../../facts.js';
import { type RunStatus, statusOf } from '../timeline.js';
import type { History, Submission } from './history.js';
import type { Verdict } from './verdict.js';

const FINAL: ReadonlySet<RunStatus> = new Set(['completed', 'partial', 'failed', 'cancelled', 'compensated']);
const WAITS: ReadonlySet<RunStatus> = new Set(['waiting_approval', 'in_doubt', 'compensation_stuck']);

export function isFinal(status: RunStatus): boolean {
  return FINAL.has(status);
}

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
    const ended = facts === undefined || isFinal(statusOf(facts));
    verdict.check('I1', run, !ended, 'no job left of a run that has ended', `${job}: ${state}`);
  }
}

function checkEnd({ withinMs }: History, verdict: Verdict, submission: Submission, facts: Facts): void {
  const { id: run, outcome } = facts.record;
  const status = statusOf(facts);
  verdict.check('I1', run, FINAL.has(status) || WAITS.has(status), 'an end, or a question to a person', status);
  if (submission.ends) {
    verdict.check('I1', run, submission.ends.includes(status), submission.ends.join(' or '), endText(facts, status));
  }
  if (outcome) {
    const pending = [...facts.stages].filter(([, fact]) => fact.state === 'pending').map(([stage]) => stage);
    verdict.check('I1', run, pending.length === 0, 'no stage pending after its end', pending.join(', '));
  }
  if (outcome && withinMs !== undefined) {
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
  const told = new Map<string, RunStatus[]>();
  for (const { run, status } of history.tellings ?? []) {
    if (isFinal(status)) told.set(run, [...(told.get(run) ?? []), status]);
  }
  for (const [run, statuses] of told) {
    const facts = history.runs.get(run);
    const stands = facts?.record.outcome?.status ?? 'no outcome';
    const ends = [...new Set(statuses)];
    verdict.check('I8', run, ends.length === 1 && ends[0] === stands, `told of one end, ${stands}`, ends.join(' and '));
  }
  // A run's end is written with its entry in the stream: two entries are two ends, also when they agree.
  const entries = new Map<string, number>();
  for (const { run, status } of history.endings ?? []) {
    if (isFinal(status)) entries.set(run, (entries.get(run) ?? 0) + 1);
  }
  for (const [run, count] of entries) verdict.check('I8', run, count === 1, 'one recorded end', `${count}`);
}
