/** I7: what a late attempt records is refused once a newer attempt has begun. */
import type { Facts } from '../../facts.js';
import type { AttemptWrite, BegunAttempt, History } from './history.js';
import type { Verdict } from './verdict.js';

export function checkFence(history: History, verdict: Verdict): void {
  const begun = begunByJob(history.attempts ?? []);
  for (const write of history.writes ?? []) {
    const { run, stage, attempt, what, accepted } = write;
    const late = newerThan(write, begun.get(`${run} ${stage}`) ?? []);
    const found = `attempt ${attempt} recorded it after attempt ${late?.attempt} had begun`;
    verdict.check('I7', run, !(late && accepted), `${what} of "${stage}" refused`, found);
  }
  for (const facts of history.runs.values()) checkRecords(facts, begun, verdict);
}

function checkRecords({ record, stages }: Facts, begun: BegunByJob, verdict: Verdict): void {
  for (const [stage, done] of record.done) {
    // An intent is recorded only while nothing is done: the newest one's attempt, or a later one, is who may end it.
    const intent = record.intents.get(stage);
    if (!intent || intent.at < done.startedAt) continue;
    const found = `the record is attempt ${done.attempt}'s, after attempt ${intent.attempt} had begun`;
    verdict.check('I7', record.id, done.attempt >= intent.attempt, `"${stage}" recorded by its newest attempt`, found);
  }
  for (const [stage, fact] of stages) {
    const last = begun.get(`${record.id} ${stage}`)?.at(-1);
    if (fact.state !== 'done' || record.done.has(stage) || !last) continue;
    const found = `the result is attempt ${fact.attempt}'s, attempt ${last.attempt} had begun`;
    verdict.check('I7', record.id, fact.attempt >= last.attempt, `"${stage}" answered by its newest attempt`, found);
  }
}

/**
 * The attempt that began after the writer did and before it sent. A write that was sent earlier may have been in time. By
 * time and not by number alone: a job that was removed by hand and added again counts its attempts anew.
 */
function newerThan({ attempt, sentAt }: AttemptWrite, begun: readonly BegunAttempt[]): BegunAttempt | undefined {
  const own = begun.findLast((other) => other.attempt === attempt && other.begunAt <= sentAt);
  return begun.find(
    (other) => other.attempt > attempt && other.begunAt < sentAt && other.begunAt > (own?.begunAt ?? 0),
  );
}

type BegunByJob = ReadonlyMap<string, readonly BegunAttempt[]>;

/** By run and stage, in order of time. */
function begunByJob(attempts: readonly BegunAttempt[]): BegunByJob {
  const byJob = new Map<string, BegunAttempt[]>();
  for (const attempt of attempts) {
    const job = `${attempt.run} ${attempt.stage}`;
    byJob.set(job, [...(byJob.get(job) ?? []), attempt]);
  }
  for (const list of byJob.values()) list.sort((a, b) => a.begunAt - b.begunAt);
  return byJob;
}
