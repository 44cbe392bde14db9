import { expect, test } from 'vitest';
import { RETENTION_DEFAULTS, retentionOf } from '../../../src/config.js';

test('what is not given has its default', () => {
  expect(retentionOf()).toEqual(RETENTION_DEFAULTS);
  expect(retentionOf({ count: 1 })).toEqual({ ...RETENTION_DEFAULTS, count: 1 });
  expect(retentionOf({ ageMs: 1_000 })).toEqual({ ...RETENTION_DEFAULTS, ageMs: 1_000 });
});

test.each([
  { ageMs: 1_000.5 },
  { ageMs: 0 },
  { ageMs: 999 },
  { ageMs: -1 },
  { ageMs: Number.NaN },
  { ageMs: Number.POSITIVE_INFINITY },
  { ageMs: '7d' as never },
  { count: 0 },
  { count: 1.5 },
  { count: -1 },
])('%j is refused before any run could be lost by it', (retention) => {
  const [name] = Object.keys(retention);
  expect(() => retentionOf(retention)).toThrow(
    expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining(`retention.${name} is`) }),
  );
});
