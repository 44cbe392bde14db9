import { expect, it } from 'vitest';
import { rowAfter } from '../../../src/ui/run/row-keys.js';

it.each([
  ['ArrowDown', 4, 5],
  ['ArrowDown', 99, 99],
  ['ArrowUp', 0, 0],
  ['PageDown', 4, 22],
  ['PageUp', 4, 0],
  ['Home', 50, 0],
  ['End', 50, 99],
  ['Enter', 50, undefined],
  ['Tab', 50, undefined],
] as const)('%s leads from row %d to %s', (key, at, to) => {
  expect(rowAfter(key, at, 100, 18)).toBe(to);
});
