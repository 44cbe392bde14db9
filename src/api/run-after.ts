/** The run as it stands after a wait: how a start, a look and a command all answer. */
import type { RunStatus } from '../facts.js';
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
