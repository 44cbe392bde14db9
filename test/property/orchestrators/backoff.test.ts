import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_RETRY_AFTER_MS } from '../../../src/config.js';
import { backoffDelay } from '../../../src/orchestrators/backoff.js';

const policy = fc.record({
  initialMs: fc.integer({ min: 1, max: 60_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  maxMs: fc.integer({ min: 1, max: 600_000 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const failures = fc.integer({ min: 1, max: 5_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the delay is a whole number between the jittered share and the cap', () => {
  fc.assert(
    fc.property(policy, failures, random, (p, n, r) => {
      const delay = backoffDelay(p, n, r);
      const full = Math.min(p.maxMs, p.initialMs * p.factor ** (n - 1));
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeLessThanOrEqual(Math.round(Math.min(full, p.maxMs)));
      expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - p.jitter)));
    }),
  );
});

test('without jitter it never shrinks from one failure to the next', () => {
  fc.assert(
    fc.property(policy, failures, (p, n) => {
      const calm = { ...p, jitter: 0 };
      expect(backoffDelay(calm, n + 1, 0)).toBeGreaterThanOrEqual(backoffDelay(calm, n, 0));
    }),
  );
});

test('what a tool asked for is never undercut, also beyond the policy’s cap, up to an hour', () => {
  fc.assert(
    fc.property(policy, failures, random, fc.double({ min: 0, noNaN: true }), (p, n, r, asked) => {
      const delay = backoffDelay(p, n, r, asked);
      expect(delay).toBe(Math.max(Math.ceil(Math.min(asked, MAX_RETRY_AFTER_MS)), backoffDelay(p, n, r)));
      expect(Number.isInteger(delay)).toBe(true);
    }),
  );
});

test('what is no number asks for nothing', () => {
  const calm = { initialMs: 100, factor: 1, maxMs: 100, jitter: 0 };
  expect(backoffDelay(calm, 1, 0, Number.NaN)).toBe(100);
  expect(backoffDelay(calm, 1, 0, -5)).toBe(100);
  expect(backoffDelay(calm, 1, 0, 1e13)).toBe(3_600_000);
});
