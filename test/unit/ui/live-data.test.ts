import { describe, expect, it } from 'vitest';
import { createEventReader } from '../../../src/ui/connection/event-text.js';
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

it("a filter lives in the page's address", () => {
  const filter = filterOf('?workflow=order&within=1h&other=x');
  expect(searchOf(filter)).toBe('?workflow=order&within=1h');
  expect(queryOf(filter, 10_000_000)).toEqual({ workflow: 'order', from: 6_400_000 });
  expect(isFiltered(filterOf(''))).toBe(false);
});
