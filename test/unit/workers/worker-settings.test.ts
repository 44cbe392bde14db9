import { expect, test } from 'vitest';
import { WORKER_DEFAULTS } from '../../../src/config.js';
import { workerSettings } from '../../../src/worker-settings.js';

test('what is not given is the default, an explicit undefined too', () => {
  expect(workerSettings({ concurrency: undefined, graceMs: 0 })).toEqual({ ...WORKER_DEFAULTS, graceMs: 0 });
});

test.each([
  ['concurrency', 0],
  ['concurrency', 1.5],
  ['reconcileMs', 0],
  ['graceMs', -1],
  ['lockDurationMs', Number.NaN],
  ['stalledIntervalMs', 2 ** 31],
])('%s of %d is refused by name', (name, value) => {
  expect(() => workerSettings({ [name]: value })).toThrow(new RegExp(`^${name} is`));
});

test('a lock that would run out between two renewals is refused, with what it would do', () => {
  expect(() => workerSettings({ lockDurationMs: 1_000, lockRenewMs: 600 })).toThrow(/second worker/);
});
