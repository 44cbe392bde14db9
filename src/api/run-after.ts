/** The run as it stands after a wait: how a start, a look and a command all answer. */
import type { FastifyReply } from 'fastify';
import type { RunStatus } from '../facts.js';
import { parseRunId } from '../names.js';
import type { Run } from '../queues/run-handle.js';
import type { ApiContext } from './context.js';
import { type SentRun, shownRun } from './redacted-payload.js';

/** Longest wait of one request: below the minute after which proxies commonly give up. */
export const MAX_WAIT_MS = 30_000;

export interface After {
  readonly waitMs: number;
  readonly timeline: 'full' | 'none';
}

const UNSETTLED: ReadonlySet<RunStatus> = new Set(['queued', 'running', 'compensating']);

/** Whether it has ended, or waits for a person. */
export function isSettled(status: RunStatus): boolean {
  return !UNSETTLED.has(status);
}

export async function runAfter(context: ApiContext, run: Run, { waitMs, timeline }: After): Promise<SentRun> {
  if (waitMs > 0) await settled(context, run, Math.min(waitMs, MAX_WAIT_MS));
  return shownRun(timeline === 'none' ? await run.summary() : await run.describe(), context.payloads);
}

/** What is known of a run that cannot be looked at. */
export interface AcceptedRun {
  readonly id: string;
  readonly workflow: string;
  /** Of a start: as it was accepted. */
  readonly status?: 'queued';
  readonly detail: string;
}

/**
 * Answers a request by which a run was accepted, or something said of one, with the run as it stands after the wait. Where it
 * cannot be looked at any more it is told what is known: an error would have it sent again, and what is done twice is charged
 * twice.
 * @param statusOf the answer's, by how the run stands; of a start by nothing at all
 */
export async function answerAccepted(
  context: ApiContext,
  request: { readonly id: string; readonly query: After },
  reply: FastifyReply,
  run: Run,
  statusOf: (seen: SentRun | undefined) => number,
  known: Pick<AcceptedRun, 'status'> = {},
): Promise<FastifyReply> {
  const seen = await runAfter(context, run, request.query).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    context.log.error({ request: request.id, run: run.id, reason }, 'accepted, and then it could not be looked at');
    return undefined;
  });
  // A start by its key, or a retry as another run, that was asked for before.
  if (run.duplicate) reply.header('idempotent-replayed', 'true');
  reply.status(statusOf(seen)).header('location', `/v1/runs/${encodeURIComponent(run.id)}`);
  return reply.send(seen ?? { ...accepted(run), ...known });
}

function accepted({ id }: Run): AcceptedRun {
  const detail = 'It was accepted. How it stands could not be read: do not send this again, but look at it in a while.';
  return { id, workflow: parseRunId(id)?.workflow ?? '', detail };
}

/** A server that closes answers at once, with the run as it stands. */
async function settled({ closing }: ApiContext, run: Run, waitMs: number): Promise<void> {
  if (closing.aborted) return;
  let closed = () => {};
  const closes = new Promise<void>((resolve) => {
    closed = resolve;
  });
  closing.addEventListener('abort', closed, { once: true });
  try {
    await Promise.race([run.settled(waitMs), closes]);
  } finally {
    closing.removeEventListener('abort', closed);
  }
}
