/**
 * What a job of ours means, for whoever sees it in a Bull Board. A root that ended is `completed` for BullMQ, however its run
 * ended: a root that failed would be a run that nobody brings to its end. Pure.
 */
import type { FinalStatus } from '../facts.js';
import { parseRunId } from '../names.js';
import { parsedPayload, redactedEnvelope } from './redacted-payload.js';

const MEANS: Readonly<Record<FinalStatus, string>> = {
  completed: 'the run completed',
  partial: 'the run ended with a part of its result: some of its stages failed',
  failed: 'the run failed; BullMQ says "completed", as of every root that has done its work',
  cancelled: 'the run was cancelled; BullMQ says "completed", as of every root that has done its work',
  compensated:
    'the run failed and everything it had done was undone; BullMQ says "completed", as of every root that has done its work',
};

/** The name to show: of a root that ended otherwise than its state says, how it ended. */
export function explainedName(job: unknown): string {
  const { name, data, returnvalue }: { name?: unknown; data?: unknown; returnvalue?: unknown } = Object(job);
  const shown = typeof name === 'string' ? name : '';
  const status = isRoot(parsedPayload(data)) ? statusOf(returnvalue) : undefined;
  return status === undefined || status === 'completed' ? shown : `${shown}: ${status}`;
}

/** A return value without what the run is about; of a root, with what its status means. */
export function explainedResult(stored: unknown): unknown {
  const redacted = redactedEnvelope(stored);
  const status = isAlone(stored) ? statusOf(stored) : undefined;
  return status === undefined ? redacted : { ...Object(redacted), meaning: MEANS[status] };
}

/** The run that a job of ours is of; a job that was added by hand may name anything, and this becomes an address. */
export function runOfJob(job: unknown): string | undefined {
  const { data }: { data?: unknown } = Object(job);
  const { run }: { run?: unknown } = Object(parsedPayload(data));
  return typeof run === 'string' && parseRunId(run) ? run : undefined;
}

function isRoot(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'run' in data && 'workflow' in data && !('kind' in data);
}

/** A root returns its status and nothing else. */
function isAlone(stored: unknown): boolean {
  const value = parsedPayload(stored);
  return typeof value === 'object' && value !== null && Object.keys(value).length === 1;
}

function statusOf(stored: unknown): FinalStatus | undefined {
  const { status }: { status?: unknown } = Object(parsedPayload(stored));
  return (Object.keys(MEANS) as FinalStatus[]).find((known) => known === status);
}
