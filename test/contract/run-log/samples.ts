/** What is written to a log in the suites of this folder. */
import type { RunOutcome } from '../../../src/facts.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { anyInput, task } from '../../support/workflows.js';

export const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('pay', task('pay'), { with: () => 1 })
  .returns(() => null);

export const intent = { attempt: 1, at: 5, key: 'flow/pay/1', undoArgs: { charge: 'flow/pay/1' } };
export const done = { attempt: 1, startedAt: 5, finishedAt: 6, output: { id: 7 }, undoArgs: { charge: 7 } };
export const attempt = (n: number) => ({
  n,
  startedAt: n,
  finishedAt: n,
  error: { code: 'TASK_FAILED', message: 'no', retryable: true } as const,
});
export const outcome: RunOutcome = { status: 'completed', output: 1, finishedAt: 9 };
