import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ERROR_CODES,
  type ErrorCode,
  errorRecordFromReason,
  PermanentError,
  RetryAfterError,
  SwitchyardError,
  toSwitchyardError,
} from '../../../src/errors.js';

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

const record = fc.record(
  {
    code: fc.constantFrom(...codes),
    message: fc.string({ unit: 'grapheme' }),
    retryable: fc.boolean(),
    step: fc.string({ minLength: 1 }),
    issues: fc.array(fc.record({ path: fc.string(), message: fc.string() })),
    retryAfterMs: fc.nat(),
    answered: fc.boolean(),
  },
  { requiredKeys: ['code', 'message', 'retryable'] },
);

test('an error makes its trip through a job’s reason unharmed', () => {
  fc.assert(
    fc.property(record, (error) => {
      expect(errorRecordFromReason(SwitchyardError.fromRecord(error).toReason())).toEqual(error);
    }),
  );
});

test('also when its message has several lines: what a server said last, a stack', () => {
  const error = new SwitchyardError('IN_DOUBT', 'no answer\nits last words:\n{"code":"x"}', {
    step: 'pay',
    answered: false,
  });
  expect(errorRecordFromReason(error.toReason())).toEqual(error.toJSON());
});

test('a reason begins with a line for people', () => {
  expect(new SwitchyardError('TIMEOUT', 'too slow').toReason().split('\n')[0]).toBe('TIMEOUT: too slow');
});

test.each(['job stalled more than allowable limit', '', '{"some":"json"}', 'null', 'Error: x\nat y:1'])(
  'a reason of another’s making, %j, is a failure that keeps it',
  (reason) => {
    expect(errorRecordFromReason(reason)).toEqual({ code: 'TASK_FAILED', message: reason, retryable: false });
  },
);

test('an unknown error keeps its message, and one of ours stays as it is', () => {
  expect(toSwitchyardError(new RangeError('off'), { step: 's' })).toMatchObject({
    code: 'TASK_FAILED',
    message: 'off',
    step: 's',
    retryable: true,
  });
  expect(toSwitchyardError('just text')).toMatchObject({ code: 'TASK_FAILED', message: 'just text' });
  expect(toSwitchyardError(undefined)).toMatchObject({ message: 'undefined' });
  const own = new SwitchyardError('TIMEOUT', 'slow', { step: 'inner', answered: false });
  expect(toSwitchyardError(own, { step: 'outer' })).toBe(own);
});

test('a step is added to an error that has none, and nothing else is lost', () => {
  const asked = new RetryAfterError('busy', 250);
  expect(toSwitchyardError(asked, { step: 's' }).toJSON()).toEqual({ ...asked.toJSON(), step: 's' });
});

test('what tasks throw says whether to try again', () => {
  expect(new PermanentError('no')).toMatchObject({ code: 'TASK_FAILED', retryable: false });
  expect(new RetryAfterError('later', 9)).toMatchObject({ retryable: true, retryAfterMs: 9 });
});

test('a message is cut to 4,096 characters and says how much is missing, once', () => {
  const error = new SwitchyardError('TOOL_FAILED', `begins ${'x'.repeat(3_000_000)}`);
  expect(error.message).toHaveLength(4_096);
  expect(error.message).toMatch(/^begins x+… \(\d+ more characters\)$/);
  const [, cut] = /\((\d+) more/.exec(error.message) ?? [];
  expect(Number(cut) + error.message.indexOf('…')).toBe(3_000_007);
  const again = SwitchyardError.fromRecord(errorRecordFromReason(error.toReason()));
  expect(again.message).toBe(error.message);
  expect(toSwitchyardError(again, { step: 's' }).message).toBe(error.message);
});

test('a message of 4,096 characters is whole, and no character is cut in two', () => {
  const whole = 'x'.repeat(4_096);
  expect(new SwitchyardError('INTERNAL', whole).message).toBe(whole);
  for (const start of ['', 'x']) {
    const kept = new SwitchyardError('INTERNAL', start + '😀'.repeat(4_096)).message;
    expect(Buffer.from(kept).toString()).toBe(kept);
  }
});

test('issues are cut to the first 20, each in its length, and the message says how many are missing', () => {
  const issues = Array.from({ length: 57 }, (_, i) => ({ path: `items.${i}`, message: 'y'.repeat(10_000) }));
  const error = new SwitchyardError('INVALID_INPUT', 'z'.repeat(9_999), { issues });
  expect(error.issues?.map(({ path }) => path)).toEqual(issues.slice(0, 20).map(({ path }) => path));
  expect(error.message).toMatch(/ \(37 more issues are not listed\)$/);
  expect(error.message).toHaveLength(4_096);
  expect(JSON.stringify(error).length).toBeLessThan(16_000);
  expect(SwitchyardError.fromRecord(error.toJSON()).toJSON()).toEqual(error.toJSON());
});

test('a reason of another’s making is cut as well', () => {
  expect(errorRecordFromReason('x'.repeat(9_000)).message).toHaveLength(4_096);
});
