/**
 * Retrying many ended runs, one after the other, each told with what became of it. Safe to repeat: a run that goes on in
 * its place is `failed` no more, and of one that begins anew there is only ever one second run, however often it is asked for.
 */
import { type Duration, toMsWithin } from '../config.js';
import { type ErrorRecord, SwitchyardError, toSwitchyardError } from '../errors.js';
import type { FinalStatus, RunRecord } from '../facts.js';
import type { Clock, RunIndex, RunLog } from '../ports.js';
import { listAll } from './list-all.js';
import type { RunControl } from './run-control.js';
import { type Said, unknownRun } from './said.js';

export interface RetryFilter {
  readonly workflow?: string;
  /** Default `failed`. */
  readonly status?: Exclude<FinalStatus, 'completed'>;
  /** Only runs with this tag, `customer=42`. */
  readonly tag?: string;
  /** Only runs that have ended within this time. */
  readonly since?: Duration;
  /** At most so many, the newest first. Default: all. */
  readonly limit?: number;
  /** Also runs of which an effect may or may not have happened, and would be made again: of these, find out first. */
  readonly inDoubt?: boolean;
  /** Only tells what would be done. */
  readonly dryRun?: boolean;
}

/** What became of one run. */
export interface Retried {
  readonly run: string;
  /**
   * `in-place`: it goes on, its finished results stand. `anew`: another run does its work again. `before`: an earlier
   * retry has begun that other run. With `dryRun`: what would be. `refused`: see `error`.
   */
  readonly outcome: 'in-place' | 'anew' | 'before' | 'refused';
  /** The run that goes on: the same, or another. */
  readonly as?: string;
  readonly error?: ErrorRecord;
}

export interface RetryDependencies {
  readonly index: RunIndex;
  readonly log: RunLog;
  readonly clock: Clock;
  readonly control: RunControl;
  /** Begins the run anew, at most once; or, without `begin`, tells whether that has been done. */
  readonly startOnce: (
    record: RunRecord,
    options: { readonly begin: boolean },
  ) => Promise<{ readonly id: string; readonly duplicate: boolean }>;
}

const RETRIED: readonly FinalStatus[] = ['failed', 'partial', 'cancelled', 'compensated'];

/** @throws SwitchyardError INVALID_INPUT, REDIS_UNAVAILABLE */
export async function* retryRuns(
  deps: RetryDependencies,
  filter: RetryFilter,
  said: Said = {},
): AsyncGenerator<Retried> {
  const { workflow, status = 'failed', tag, limit = Number.POSITIVE_INFINITY, dryRun = false } = filter;
  const since = checkFilter(filter, status, deps.clock.now());
  let told = 0;
  const wanted = { status, ...(workflow !== undefined && { workflow }), ...(tag !== undefined && { tag }) };
  for await (const run of listAll(deps.index, wanted)) {
    if (told >= limit) return;
    if ((run.finishedAt ?? 0) < since) continue;
    told += 1;
    try {
      if (!filter.inDoubt) await assertNoDoubt(deps, run.id);
      yield dryRun ? await foresee(deps, run.id) : await retry(deps, run.id, said);
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (error.code === 'REDIS_UNAVAILABLE') throw error;
      yield { run: run.id, outcome: 'refused', error: error.toJSON() };
    }
  }
}

async function retry(deps: RetryDependencies, run: string, said: Said): Promise<Retried> {
  if (await deps.control.reopen(run, said)) return { run, outcome: 'in-place', as: run };
  return anew(run, await deps.startOnce(await recordOf(deps, run), { begin: true }));
}

/** One who retries many runs has not looked into each. @throws SwitchyardError ILLEGAL_STATE */
async function assertNoDoubt({ log }: RetryDependencies, run: string): Promise<void> {
  const facts = await log.read(run, { outputs: 'all' });
  const doubted = [...(facts?.stages ?? [])].find(
    ([, fact]) => fact.state === 'failed' && fact.error.code === 'IN_DOUBT',
  );
  if (!doubted) return;
  throw new SwitchyardError(
    'ILLEGAL_STATE',
    `run ${run} is left out: "${doubted[0]}" may or may not have happened, and would be made again. Find out at its service, then retry this run by its id`,
  );
}

async function foresee(deps: RetryDependencies, run: string): Promise<Retried> {
  if ((await deps.control.plan(run)) === 'in-place') return { run, outcome: 'in-place', as: run };
  return anew(run, await deps.startOnce(await recordOf(deps, run), { begin: false }));
}

function anew(run: string, { id, duplicate }: { readonly id: string; readonly duplicate: boolean }): Retried {
  return { run, outcome: duplicate ? 'before' : 'anew', as: id };
}

async function recordOf({ log }: RetryDependencies, run: string): Promise<RunRecord> {
  const facts = await log.read(run);
  if (!facts) throw unknownRun(run);
  return facts.record;
}

/** The time from which on a run has to have ended. */
function checkFilter({ since, limit }: RetryFilter, status: FinalStatus, now: number): number {
  if (!RETRIED.includes(status)) {
    throw new SwitchyardError('INVALID_INPUT', `runs that are ${status} are not retried: use ${RETRIED.join(', ')}`);
  }
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    throw new SwitchyardError('INVALID_INPUT', `limit is ${limit}; it must be a whole number from 1`);
  }
  if (since === undefined) return 0;
  return now - toMsWithin(since, { min: 1, max: now }, { code: 'INVALID_INPUT', what: 'since' });
}
