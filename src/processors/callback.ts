/**
 * Delivers the callback of a run that has ended. The job was accepted with the run and is made due by the script that ends
 * it, so neither can be without the other, and it does not matter whose process starts, ends or dies in between. Delivered
 * at least once: the receiver knows a repetition by its id.
 */
import {
  CALLBACK_MAX_BYTES,
  CALLBACK_MAX_PAUSE_MS,
  type CallbackRules,
  type CallbackSender,
  type DeliveryRecord,
} from '../callbacks.js';
import { type SwitchyardError, toSwitchyardError } from '../errors.js';
import type { CallbackDelivery, RunOutcome, RunRecord } from '../facts.js';
import { backoffDelay } from '../orchestrators/backoff.js';
import { retriesOf } from '../orchestrators/retry-plan.js';
import { summarizeRun } from '../orchestrators/timeline.js';
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
      const record = (await deps.log.read(run))?.record;
      // Its retention is over, or it was retried since: then another job tells of its end.
      if (!record || delivery !== retriesOf(record)) return OVER;
      if (!record.outcome) return { kind: 'put-back', afterMs: NOT_ENDED_MS };
      return await deliver(deps, job, record, record.outcome, { url, delivery });
    } catch (thrown) {
      return invalidOrPutBack(job, thrown);
    }
  };
}

async function deliver(
  deps: CallbackDependencies,
  job: ActiveJob,
  record: RunRecord,
  outcome: RunOutcome,
  { url, delivery }: { readonly url: string; readonly delivery: number },
): Promise<Handled> {
  const attempts = job.failures + 1;
  const standing = { delivery, attempts, at: deps.clock.now() };
  try {
    await deps.sender.send({
      url,
      id: `${record.id}.${delivery}`,
      body: bodyOf(deps, record, outcome),
      signal: job.signal,
    });
  } catch (thrown) {
    const error = toSwitchyardError(thrown);
    // Broken off because the worker stops: nobody's failed attempt.
    if (job.signal.aborted) return putBack(job);
    return await undelivered(deps, job, record, { ...standing, error: error.message }, error);
  }
  await deps.deliveries.record(record.id, job.fence, { ...standing, state: 'delivered' });
  return { kind: 'completed', value: { status: 'delivered' } };
}

async function undelivered(
  deps: CallbackDependencies,
  job: ActiveJob,
  { id: run }: RunRecord,
  standing: Omit<CallbackDelivery, 'state'>,
  error: SwitchyardError,
): Promise<Handled> {
  const final = !error.retryable || job.isLastAttempt;
  await deps.deliveries.record(run, job.fence, { ...standing, state: final ? 'failed' : 'retrying' });
  const fields = { attempts: standing.attempts, final };
  if (final) job.log.error(fields, `the end of a run could not be told: ${error.message}`);
  else job.log.info(fields, error.message);
  const backoff = { initialMs: deps.rules.firstPauseMs, factor: 2, maxMs: CALLBACK_MAX_PAUSE_MS, jitter: 0.2 };
  const delayMs = final ? 0 : backoffDelay(backoff, standing.attempts, deps.random(), error.retryAfterMs);
  return { kind: 'failed', error, final, delayMs };
}

/** The run's document without its timeline; of a very large output only that there is one. The same for every attempt. */
function bodyOf(deps: CallbackDependencies, record: RunRecord, outcome: RunOutcome): string {
  const definition = deps.definition(record.workflow, record.version);
  const { callback: _callback, ...run } = summarizeRun(definition, { record, stages: new Map() });
  const message = { type: `run.${outcome.status}`, timestamp: new Date(outcome.finishedAt).toISOString() };
  const whole = JSON.stringify({ ...message, data: run });
  if (Buffer.byteLength(whole) <= CALLBACK_MAX_BYTES) return whole;
  const { input: _input, output: _output, ...rest } = run;
  return JSON.stringify({ ...message, data: { ...rest, truncated: true } });
}
