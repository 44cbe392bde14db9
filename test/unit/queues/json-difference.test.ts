import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonDifference } from '../../../src/json-difference.js';

test('whatever came from JSON would come back from it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonDifference(value)).toBeUndefined();
    }),
  );
});

test('members that are undefined are as good as absent, and an object without a prototype is an object', () => {
  expect(jsonDifference({ a: undefined, b: { c: undefined } })).toBeUndefined();
  expect(jsonDifference(Object.assign(Object.create(null), { a: 1 }))).toBeUndefined();
});

class Money {
  readonly cents = 5;
}

test.each<[value: unknown, path: string, found: string]>([
  [{ on: new Date(0) }, 'on', 'a Date'],
  [{ items: [{}, { tags: new Set(['x']) }] }, 'items.1.tags', 'a Set'],
  [{ by: new Map() }, 'by', 'a Map'],
  [{ price: new Money() }, 'price', 'a Money'],
  [[1, undefined], '1', 'undefined'],
  [{ n: Number.NaN }, 'n', 'NaN'],
  [{ n: Number.NEGATIVE_INFINITY }, 'n', '-Infinity'],
  [{ n: 1n }, 'n', 'a bigint'],
  [{ toJSON: () => 1 }, 'toJSON', 'a function'],
  [new Date(0), '', 'a Date'],
])('%o would change at "%s": %s', (value, path, found) => {
  expect(jsonDifference(value)).toEqual({ path, found });
});
