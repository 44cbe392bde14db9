import { expect, test } from 'vitest';
import { MAX_TIMER_MS, TASK_DEFAULTS } from '../../../src/config.js';
import { mcpTask } from '../../../src/task.js';
import { task } from '../../support/workflows.js';

test('a timeout may be as long as a timer can run', () => {
  expect(task('t', () => 1, { timeout: '24d' }).timeoutMs).toBe(24 * 86_400_000);
  expect(task('t', () => 1, { timeout: MAX_TIMER_MS }).timeoutMs).toBe(MAX_TIMER_MS);
  expect(task('t').timeoutMs).toBe(TASK_DEFAULTS.timeoutMs);
});

test.each(['30d', '0ms', '0.4ms', 'soon', Number.NaN])('a timeout of %j is refused by its definition', (timeout) => {
  const given = { timeout: timeout as never };
  const refusal = expect.objectContaining({
    code: 'INVALID_DEFINITION',
    message: expect.stringContaining('task "pay": timeout'),
  });
  expect(() => task('pay', () => 1, given)).toThrow(refusal);
  expect(() => mcpTask('pay', given)).toThrow(refusal);
});

test('a backoff that is no duration is refused by its definition', () => {
  expect(() => mcpTask('pay', { backoff: { max: 'later' as never } })).toThrow(
    expect.objectContaining({ code: 'INVALID_DEFINITION', message: expect.stringContaining('backoff.max') }),
  );
});

test('a fraction of a millisecond is rounded', () => {
  expect(task('t', () => 1, { timeout: 10.6 }).timeoutMs).toBe(11);
});
