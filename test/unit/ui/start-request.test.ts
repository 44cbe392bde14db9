import { describe, expect, it } from 'vitest';
import { issuesAt, issuesWithin } from '../../../src/ui/start/draft.js';
import { inputIssues, optionIssues, placeOf } from '../../../src/ui/start/issue-place.js';
import { createStartKey } from '../../../src/ui/start/start-key.js';

describe('the key of a form whose own was left empty', () => {
  it('is the same for each press, and another after a change and for each form', () => {
    const key = createStartKey();
    const first = key.current();
    expect(first).toMatch(/^form-[\da-f]{32}$/);
    expect(key.current()).toBe(first);
    key.renew();
    expect(key.current()).not.toBe(first);
    expect(createStartKey().current()).not.toBe(key.current());
  });

  it.each([
    [422, true],
    [409, true],
    // None of these says what became of the press before.
    [0, false],
    [200, false],
    [401, false],
    [429, false],
    [502, false],
    [503, false],
  ])('answered with %d, another run is meant: %s', (status, renewed) => {
    const key = createStartKey();
    const first = key.current();
    key.refused(status);
    expect(key.current() !== first).toBe(renewed);
  });
});

describe('where a part of the request is that was refused', () => {
  it.each([
    [
      'input.items.0.sku',
      { ids: ['input.items.0.sku', 'input.items.0', 'input.items', 'input.'], words: 'Items › 0 › Sku' },
    ],
    ['input', { ids: ['input.'], words: 'Input' }],
    ['key', { ids: ['run.key'], words: 'Idempotency key' }],
    ['tags.customer', { ids: ['run.tags'], words: 'Tags' }],
    ['callback.url', undefined],
    ['', undefined],
  ])('%s', (path, place) => {
    expect(placeOf(path)).toEqual(place);
  });

  it("an input's own key is not the run's", () => {
    const issues = [
      { path: 'input.key', message: 'of the input' },
      { path: 'key', message: 'of the run' },
    ];
    expect(issuesAt(inputIssues(issues), ['key'])).toEqual(['of the input']);
    expect(optionIssues(issues, 'key')).toEqual(['of the run']);
  });

  it('what is typed as JSON has what is said of its inside', () => {
    const issues = [
      { path: 'extra.a.b', message: 'Invalid input: expected string, received undefined' },
      { path: 'extras', message: 'is another' },
    ];
    expect(issuesWithin(issues, ['extra'])).toEqual([{ path: 'extra', message: 'a.b: is missing' }]);
    expect(issuesWithin(issues, []).map(({ message }) => message)).toEqual([
      'extra.a.b: is missing',
      'extras: is another',
    ]);
  });
});
