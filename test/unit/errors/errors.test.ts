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
