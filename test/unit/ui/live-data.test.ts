import { describe, expect, it } from 'vitest';
import type { TimelinePage } from '../../../src/orchestrators/timeline-page.js';
import { createEventReader } from '../../../src/ui/connection/event-text.js';
import { firstMissing, inOrder, NO_STAGES, withPage } from '../../../src/ui/run/stage-pages.js';
import { filterOf, isFiltered, queryOf, searchOf } from '../../../src/ui/runs/filter.js';

describe('server-sent events', () => {
  it('are whole however the text is cut, and comments are none', () => {
    const text = ': hello\n\nid: 7\nevent: run\ndata: {"a":1}\ndata: more\n\nevent: end\ndata: x\n\ndata: half';
    for (let cut = 0; cut < text.length; cut += 1) {
      const read = createEventReader();
      expect([...read(text.slice(0, cut)), ...read(text.slice(cut))]).toEqual([
        { id: '7', name: 'run', data: '{"a":1}\nmore' },
        { id: undefined, name: 'end', data: 'x' },
      ]);
    }
  });
});

describe('pages of stages', () => {
  const page = (from: number, count: number, next?: number): TimelinePage => ({
    total: 1_000,
    counts: { ...NO_STAGES.counts, completed: 1_000 },
    startedAt: 0,
    finishedAt: null,
    entries: Array.from({ length: count }, (_none, at) => ({
      ...{ index: from + at, name: `item-${from + at}`, kind: 'branch', state: 'completed' },
      ...{ startedAt: 0, finishedAt: 1, attempts: [] },
    })),
    ...(next !== undefined && { next }),
  });

  it('of all states are placed by their index, and a page that came short is read on', () => {
    const known = withPage(NO_STAGES, 0, page(0, 50, 50), false);
    expect(firstMissing(known, 0, 30, false)).toBeUndefined();
    expect(firstMissing(known, 40, 90, false)).toEqual({ after: 50, position: 50 });
    const jumped = withPage(known, 800, page(800, 50), false);
    expect(inOrder(jumped)).toHaveLength(100);
    expect(firstMissing(jumped, 990, 2_000, false)).toEqual({ after: 990, position: 990 });
  });

  it('of one state stand one behind the other, wherever they are in the run', () => {
    const first = withPage(NO_STAGES, 0, page(300, 2, 700), true);
    expect([...first.entries.keys()]).toEqual([0, 1]);
    expect(firstMissing(first, 0, 2, true)).toBeUndefined();
    expect(firstMissing(first, 0, 3, true)).toEqual({ after: 700, position: 2 });
    const both = withPage(first, 2, page(700, 1), true);
    expect([...both.entries.values()].map(({ name }) => name)).toEqual(['item-300', 'item-301', 'item-700']);
    expect(firstMissing(both, 0, 99, true)).toBeUndefined();
  });
});

it("a filter lives in the page's address", () => {
  const filter = filterOf('?workflow=order&within=1h&other=x');
  expect(searchOf(filter)).toBe('?workflow=order&within=1h');
  expect(queryOf(filter, 10_000_000)).toEqual({ workflow: 'order', from: 6_400_000 });
  expect(isFiltered(filterOf(''))).toBe(false);
});
