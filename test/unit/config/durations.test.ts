import { expect, test } from 'vitest';
import { MAX_TIMER_MS, toMs, toMsWithin } from '../../../src/config.js';

test.each([
  [250, 250],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['4h', 14_400_000],
  [0.4, 0],
  [0.5, 1],
  ['0.0004s', 0],
  ['1.1ms', 1],
] as const)('%j is %i whole milliseconds', (duration, ms) => {
  expect(toMs(duration)).toBe(ms);
});

test.each(['abc', '', '5', '-1s', '1e3s', -1, Number.NaN, Number.POSITIVE_INFINITY, null, {}])(
  '%j is no duration, and is refused with the code of the place that took it',
  (given) => {
    // As JavaScript may call it: without the types.
    const duration = given as never;
    expect(() => toMs(duration)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
    expect(() => toMs(duration, { code: 'INVALID_INPUT', what: 'the delay' })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(/^the delay /) }),
    );
  },
);

test('a number of days beyond what a float holds is no duration', () => {
  expect(() => toMs(`${'9'.repeat(400)}d` as never)).toThrow(/not a duration/);
});

test('a duration out of its range is refused with the range', () => {
  const range = { min: 1, max: MAX_TIMER_MS };
  const refusal = { code: 'INVALID_DEFINITION', what: 'task "t": timeout' } as const;
  expect(toMsWithin(MAX_TIMER_MS, range, refusal)).toBe(2_147_483_647);
  for (const duration of ['25d', MAX_TIMER_MS + 1, 0, '0.1ms'] as const) {
    expect(() => toMsWithin(duration, range, refusal)).toThrow(
      expect.objectContaining({
        code: 'INVALID_DEFINITION',
        message: expect.stringContaining('2147483647 ms (24 days)'),
      }),
    );
  }
});
