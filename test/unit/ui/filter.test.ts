import { describe, expect, it } from 'vitest';
import { filterOf, NO_FILTER, queryOf, searchOf } from '../../../src/ui/runs/filter.js';

const NOW = new Date('2026-11-30T12:00:00').getTime();

describe('the filter of runs', () => {
  it.each([
    ['', {}],
    ['?workflow=order&status=failed', { workflow: 'order', status: 'failed' }],
    ['?within=1h', { from: NOW - 3_600_000 }],
    ['?tag=customer%3D42', { tag: 'customer=42' }],
    // To the end of the minute, in the reader's own time zone.
    [
      '?from=2026-11-30T09%3A00&to=2026-11-30T09%3A30',
      { from: new Date(2026, 10, 30, 9).getTime(), to: new Date(2026, 10, 30, 9, 31).getTime() - 1 },
    ],
    ['?within=between&from=2026-11-30T09%3A00', { from: new Date(2026, 10, 30, 9).getTime() }],
  ])('%s in the address asks for %j, and is written back as it was', (search, query) => {
    const filter = filterOf(search);
    expect(queryOf(filter, NOW)).toEqual(query);
    expect(queryOf(filterOf(searchOf(filter)), NOW)).toEqual(query);
  });

  it.each(['customer', 'customer=', '=42', ' '])('half of a tag (%j) is not searched for', (tag) => {
    expect(queryOf({ ...NO_FILTER, tag }, NOW)).toEqual({});
  });

  it('a time that is half typed narrows nothing, and another choice forgets it', () => {
    expect(queryOf({ ...NO_FILTER, within: 'between', from: '2026-11-' }, NOW)).toEqual({});
    expect(searchOf({ ...NO_FILTER, within: '1h', from: '2026-11-30T09:00' })).toBe('?within=1h');
  });
});
