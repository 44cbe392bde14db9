import { expect, test } from 'vitest';
import { CALLBACK_MAX_PAUSE_MS, type CallbackRules, type DeliveryRecord } from '../../../src/callbacks.js';
import { SwitchyardError } from '../../../src/errors.js';
import { createCallbackHandler } from '../../../src/processors/callback.js';
import type { ActiveJob } from '../../../src/processors/job.js';
import { silentLog } from '../../support/silent-log.js';

const HOUR_MS = 3_600_000;

/** What becomes of a first attempt whose receiver asks for this much time. */
async function delayAfter(retryAfterMs: number): Promise<unknown> {
  const deliveries: DeliveryRecord = {
    news: () =>
      Promise.resolve({ workflow: 'w', version: 1, priority: 'MEDIUM', url: 'https://a.example/', body: '{}' }),
    record: () => Promise.resolve({ kind: 'recorded' }),
  };
  const handler = createCallbackHandler({
    log: { read: () => Promise.reject(new Error('what is told is kept apart from the run')) } as never,
    definition: () => undefined,
    clock: { now: () => 0 },
    random: () => 0,
    rules: { firstPauseMs: 5_000 } as CallbackRules,
    sender: {
      send: () => Promise.reject(new SwitchyardError('CALLBACK_FAILED', '503', { retryable: true, retryAfterMs })),
    },
    deliveries,
  });
  const data = {
    v: 2,
    run: 'w-0-k1',
    workflow: 'w',
    version: 1,
    kind: 'callback',
    url: 'https://a.example/',
    delivery: 0,
  };
  const job: ActiveJob = {
    ...{ id: 'w-0-k1-~callback.0', data, attempt: 1, failures: 0, isLastAttempt: false, crashes: 0, startedAt: 0 },
    ...{ fence: { lockKey: 'lock', token: 'token' }, signal: new AbortController().signal, log: silentLog },
  };
  const handled = await handler(job);
  return handled.kind === 'failed' && handled.delayMs;
}

test.each([
  ['less than the pause that is due', 1_000, 5_000],
  ['more', 2 * HOUR_MS, 2 * HOUR_MS],
  ['more than the longest pause', 9 * HOUR_MS, CALLBACK_MAX_PAUSE_MS],
])('a receiver that asks for %s is given the longer of both, up to that', async (_what, asked, delayMs) => {
  expect(await delayAfter(asked)).toBe(delayMs);
});
