import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorPosition } from '../../../src/adapters/mcp/json-error-position.js';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the position of an error in JSON', () => {
  it('is there exactly when JSON.parse refuses the text', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', '0', ' ', '\\', '\t'))
      .map(([json, at, inserted]) => {
        const cut = at % (json.length + 1);
        return json.slice(0, cut) + inserted + json.slice(cut + (inserted === '' ? 1 : 0));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), broken), (text) => (jsonErrorPosition(text) === undefined) === isJson(text)),
      { numRuns: 500 },
    );
  });

  it.each([
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": tru\n}', 2, 8],
    ['{\n  "a" 1\n}', 2, 7],
    ['[1 2]', 1, 4],
    ['{', 1, 2],
    ['', 1, 1],
    ['{} x', 1, 4],
    ["{'a': 1}", 1, 2],
  ])('%j is at line %i, column %i', (text, line, column) => {
    expect(jsonErrorPosition(text)).toEqual({ line, column });
  });
});
