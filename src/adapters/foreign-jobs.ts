/**
 * What a job that another's worker ran tells of itself. Its result stands with our root, as it was returned; its attempts
 * stand in the job alone, and are shown for as long as their queue keeps it.
 */
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Facts, ForeignAttempt, StageFact } from '../facts.js';
import { stageOfJobKey } from '../names.js';

/** Fields that `read-facts.lua` brings of each. */
const FIELDS = 6;

export function endedElsewhere(value: string | undefined): StageFact {
  const output: unknown = value === undefined ? undefined : JSON.parse(value);
  return { state: 'done', output, attempt: 1, startedAt: 0, finishedAt: 0, foreign: [] };
}

/** Their words, kept as they are: a line that looks like a record of ours is none. */
export function failedElsewhere(reason: string): StageFact {
  const error = new SwitchyardError('TASK_FAILED', reason, { retryable: false }).toJSON();
  return { state: 'failed', error, foreign: [] };
}

/** @param flat `key, hash of ended children, processedOn, finishedOn, attempts, stack traces (JSON)` of each job that is there */
export function foreignAttempts(run: string, flat: readonly string[]): ReadonlyMap<string, readonly ForeignAttempt[]> {
  const jobs = Array.from({ length: flat.length / FIELDS }, (_, at) => flat.slice(at * FIELDS, (at + 1) * FIELDS));
  return new Map(jobs.map(([key = '', ...fields]) => [stageOfJobKey(run, key), attemptsOf(fields)]));
}

function attemptsOf([how, started, finished, made, stacks]: readonly string[]): readonly ForeignAttempt[] {
  const last = Math.max(1, Number(made));
  // BullMQ keeps the traces of the latest failed attempts, oldest first; that of a failed job's last is among them.
  const traces = tracesOf(stacks);
  const failed = how === 'failed' ? last : last - 1;
  return Array.from({ length: last }, (_, at): ForeignAttempt => {
    const n = at + 1;
    if (n === last) return { n, startedAt: timeOf(started), finishedAt: timeOf(finished) };
    return { n, startedAt: null, finishedAt: null, error: failureOf(traces[traces.length - failed + at]) };
  });
}

function failureOf(trace: string | undefined): ErrorRecord {
  const reason = trace?.split('\n')[0] ?? 'it failed; why is not kept';
  return new SwitchyardError('TASK_FAILED', reason, { retryable: true }).toJSON();
}

function timeOf(text: string | undefined): number | null {
  return Number(text) > 0 ? Number(text) : null;
}

/** Written by their worker's BullMQ: a list of texts, or something else that is not worth a failure. */
function tracesOf(json: string | undefined): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(json || '[]');
    return Array.isArray(parsed) ? parsed.filter((trace) => typeof trace === 'string') : [];
  } catch {
    return [];
  }
}

/** The facts with what those jobs tell. */
export function withForeignAttempts(
  { record, stages }: Facts,
  foreign: ReadonlyMap<string, readonly ForeignAttempt[]>,
): Facts {
  if (foreign.size === 0) return { record, stages };
  const told = [...stages].map(([stage, fact]): [string, StageFact] => {
    const attempts = foreign.get(stage);
    return [stage, attempts && fact.state !== 'pending' ? { ...fact, foreign: attempts } : fact];
  });
  return { record, stages: new Map(told) };
}
