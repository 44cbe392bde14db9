import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors.js';
import { isPostponement, postponement } from '../../../src/orchestrators/postpone.js';

const MOST = { SERVER_PAUSED: 5 * 60_000, SERVER_BUSY: 5 * 60_000 };
const HOUR = 3_600_000;
const codes = fc.constantFrom<keyof typeof MOST>('SERVER_PAUSED', 'SERVER_BUSY');
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const before = fc.nat({ max: 100_000 });
const asked = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined });

test('only what was surely not asked is put off', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    expect(isPostponement({ code })).toBe(code in MOST);
    expect(postponement({ code, retryable: true }, 0, 0) !== undefined).toBe(code in MOST);
    expect(postponement({ code, retryable: false }, 0, 0)).toBeUndefined();
  }
});

test('never sooner than the server asked for, up to an hour, and never later than the longest, with its jitter', () => {
  fc.assert(
    fc.property(codes, asked, before, random, (code, retryAfterMs, n, r) => {
      const delay = postponement({ code, retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) }, n, r);
      const wanted = Math.min(retryAfterMs ?? 0, HOUR);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(Math.max(wanted, 1_000));
      expect(delay).toBeLessThanOrEqual(Math.ceil(Math.max(wanted, MOST[code]) * 1.2));
    }),
  );
});

test('longer each time, until it is as long as it gets', () => {
  fc.assert(
    fc.property(codes, before, (code, n) => {
      const delay = (times: number) => postponement({ code, retryable: true }, times, 0) ?? 0;
      expect(delay(n + 1)).toBeGreaterThanOrEqual(delay(n));
      expect(delay(100)).toBe(MOST[code]);
    }),
  );
});

test.each([
  ['SERVER_PAUSED', 300],
  ['SERVER_BUSY', 400],
] as const)('a day in front of a server that is %s leaves fewer than %i records with the run', (code, most) => {
  let [at, times] = [0, 0];
  for (; at < 24 * HOUR; times += 1) at += postponement({ code, retryable: true }, times, 0) ?? Number.NaN;
  expect(times).toBeLessThan(most);
});

test('a busy server is asked each quarter of a minute for the first five minutes', () => {
  expect(postponement({ code: 'SERVER_BUSY', retryable: true }, 19, 0)).toBe(15_000);
});
