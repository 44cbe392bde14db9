/**
 * Delivers the callback of a run that has ended. The job was accepted with the run and is made due by the script that ends
 * it, so neither can be without the other, and it does not matter whose process starts, ends or dies in between. What it
 * tells that script keeps beside it: a receiver that is down outlasts the run's retention, and its retry in its place.
 * Delivered at least once: the receiver knows a repetition by its id.
 */
import { CALLBACK_MAX_PAUSE_MS, type CallbackRules, type CallbackSender, type DeliveryRecord } from '../callbacks.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { backoffDelay } from '../orchestrators/backoff.js';
import { newsBody } from '../orchestrators/end-news.js';
import { retriesOf } from '../orchestrators/retry-plan.js';
import { CallbackJob, parseJob, runOfLaterVersion } from '../schema.js';
import {
  type ActiveJob,
  type Handled,
  invalidOrPutBack,
  type JobHandler,
  type ProcessorDependencies,
  putBack,
} from './job.js';

export interface CallbackDependencies extends Pick<ProcessorDependencies, 'log' | 'definition' | 'clock' | 'random'> {
  readonly rules: CallbackRules;
  readonly sender: CallbackSender;
  readonly deliveries: DeliveryRecord;
}

const OVER: Handled = { kind: 'completed', value: null };
/** A run that takes longer than the longest delay of a job has its callback put off. */
const NOT_ENDED_MS = 3_600_000;

export function createCallbackHandler(deps: CallbackDependencies): JobHandler {
  return async (job) => {
    try {
      if (runOfLaterVersion(job.data) !== undefined) return putBack(job);
      const { run, url, delivery } = parseJob(CallbackJob, job.data, job.id);
      const kept = await deps.deliveries.news(run, delivery);
      // Its worker was lost before it could say so.
      if (kept === 'delivered') return OVER;
      const body = kept?.body ?? (await bodyOfRecord(deps, run, delivery));
      if (body === 'not-yet') return { kind: 'put-back', afterMs: NOT_ENDED_MS };
      const end = { run, url, delivery };
      return body === undefined
        ? await undelivered(deps, job, end, nothingKept(run))
        : await deliver(deps, job, end, body);
    } catch (thrown) {
      return invalidOrPutBack(job, thrown);
    }
  };
}

interface ToldEnd {
  readonly run: string;
  readonly url: string;
  /** Which end of the run. */
  readonly delivery: number;
}

/**
 * What to tell of an end with which nothing was kept, as an earlier release has ended it, or its callback was given up and is
 * tried again by hand: what the run's own record says, where that is still of this end.
 */
async function bodyOfRecord(
  deps: CallbackDependencies,
  run: string,
  delivery: number,
): Promise<string | 'not-yet' | undefined> {
  const record = (await deps.log.read(run))?.record;
  if (!record || delivery !== retriesOf(record)) return undefined;
  if (!record.outcome) return 'not-yet';
  return newsBody(deps.definition(record.workflow, record.version), record, record.outcome);
}

async function deliver(deps: CallbackDependencies, job: ActiveJob, end: ToldEnd, body: string): Promise<Handled> {
  const { run, url, delivery } = end;
  try {
    await deps.sender.send({ url, id: `${run}.${delivery}`, body, signal: job.signal });
  } catch (thrown) {
    // Broken off because the worker stops: nobody's failed attempt.
    return job.signal.aborted ? putBack(job) : await undelivered(deps, job, end, toSwitchyardError(thrown));
  }
  await deps.deliveries.record(run, job.fence, { ...standing(deps, job, end), state: 'delivered' });
  return { kind: 'completed', value: { status: 'delivered' } };
}

async function undelivered(
  deps: CallbackDependencies,
  job: ActiveJob,
  end: ToldEnd,
  error: SwitchyardError,
): Promise<Handled> {
  const final = !error.retryable || job.isLastAttempt;
  const state = final ? 'failed' : 'retrying';
  const { attempts, ...more } = standing(deps, job, end);
  await deps.deliveries.record(end.run, job.fence, { ...more, attempts, state, error: error.message });
  const fields = { attempts, final };
  if (final) job.log.error(fields, `the end of a run could not be told: ${error.message}`);
  else job.log.info(fields, error.message);
  const backoff = { initialMs: deps.rules.firstPauseMs, factor: 2, maxMs: CALLBACK_MAX_PAUSE_MS, jitter: 0.2 };
  const asked = Math.min(error.retryAfterMs ?? 0, CALLBACK_MAX_PAUSE_MS);
  const delayMs = final ? 0 : Math.max(backoffDelay(backoff, attempts, deps.random()), asked);
  return { kind: 'failed', error, final, delayMs };
}

function standing({ clock }: CallbackDependencies, job: ActiveJob, { delivery }: ToldEnd) {
  return { delivery, attempts: job.failures + 1, at: clock.now() };
}

function nothingKept(run: string): SwitchyardError {
  return new SwitchyardError(
    'CALLBACK_FAILED',
    `nothing is kept of it any more: run ${run} has gone with its retention, or has gone on since`,
    { retryable: false },
  );
}
