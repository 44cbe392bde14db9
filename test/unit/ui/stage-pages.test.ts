import { describe, expect, it, vi } from 'vitest';
import type { TimelineEntry } from '../../../src/orchestrators/timeline.js';
import type { TimelinePage } from '../../../src/orchestrators/timeline-page.js';
import { firstMissing, inOrder, NO_STAGES, type StagePages, withPage } from '../../../src/ui/run/stage-pages.js';
import { createStageReader, type StageReaderOptions } from '../../../src/ui/run/stage-reader.js';

const TOTAL = 1_000;

function page(from: number, count: number, next?: number, state: TimelineEntry['state'] = 'completed'): TimelinePage {
  return {
    total: TOTAL,
    counts: { ...NO_STAGES.counts, [state]: TOTAL },
    startedAt: 0,
    finishedAt: null,
    entries: Array.from({ length: count }, (_none, at) => ({
      ...{ index: from + at, name: `item-${from + at}`, kind: 'branch', state },
      ...{ startedAt: 0, finishedAt: 1, attempts: [] },
    })),
    ...(next !== undefined && { next }),
  };
}

const put = (known: StagePages, position: number, came: TimelinePage, chosen: boolean, look = 0) =>
  withPage(known, { after: came.entries[0]?.index ?? 0, position, page: came, chosen, look });
const missing = (known: StagePages, from: number, to: number, chosen: boolean, look = 0) =>
  firstMissing(known, { from, to, chosen, look });

describe('pages of stages', () => {
  it('of all states are placed by their index, and a page that came short is read on', () => {
    const known = put(NO_STAGES, 0, page(0, 50, 50), false);
    expect(missing(known, 0, 30, false)).toBeUndefined();
    expect(missing(known, 40, 90, false)).toEqual({ after: 50, position: 50 });
    const jumped = put(known, 800, page(800, 50), false);
    expect(inOrder(jumped)).toHaveLength(100);
    expect(missing(jumped, 990, 2_000, false)).toEqual({ after: 990, position: 990 });
  });

  it('of one state stand one behind the other, wherever they are in the run', () => {
    const first = withPage(NO_STAGES, { after: 0, position: 0, page: page(300, 2, 700), chosen: true, look: 0 });
    expect([...first.entries.keys()]).toEqual([0, 1]);
    expect(missing(first, 0, 2, true)).toBeUndefined();
    expect(missing(first, 0, 3, true)).toEqual({ after: 700, position: 2 });
    const both = put(first, 2, page(700, 1), true);
    expect(inOrder(both).map(({ name }) => name)).toEqual(['item-300', 'item-301', 'item-700']);
    expect(missing(both, 0, 99, true)).toBeUndefined();
  });

  it('of an earlier look are shown, and read again when they are in view', () => {
    const known = put(put(NO_STAGES, 0, page(0, 200), false), 800, page(800, 200), false, 1);
    expect(missing(known, 800, 850, false, 1)).toBeUndefined();
    expect(missing(known, 10, 50, false, 1)).toEqual({ after: 10, position: 10 });
    // What was asked for at the earlier look, and comes late, is not newer.
    const late = put(known, 800, page(800, 200, undefined, 'running'), false, 0);
    expect(late.entries.get(800)?.state).toBe('completed');
  });

  it('of one state are read again where they are in view, and not from the beginning', () => {
    const first = withPage(NO_STAGES, { after: 0, position: 0, page: page(0, 200, 200), chosen: true, look: 0 });
    const known = put(put(first, 200, page(200, 200, 400), true), 400, page(400, 200, 600), true);
    expect(missing(known, 450, 480, true, 1)).toEqual({ after: 400, position: 400 });
    const again = put(known, 400, page(400, 200, 600), true, 1);
    expect(missing(again, 450, 480, true, 1)).toBeUndefined();
    expect(again.entries.size).toBe(600);
    // Its page holds others by now, so what stood behind it begins elsewhere.
    const moved = withPage(again, { after: 200, position: 200, page: page(220, 200, 430), chosen: true, look: 2 });
    expect(missing(moved, 450, 480, true, 2)).toEqual({ after: 430, position: 400 });
  });
});

describe('reading stages', () => {
  type Answer = (page: TimelinePage | { readonly status: number }) => void;

  function reading(more: Partial<StageReaderOptions> = {}) {
    const asked: { readonly after: number; readonly answer: Answer }[] = [];
    let known: StagePages = NO_STAGES;
    const problems: unknown[] = [];
    const reader = createStageReader({
      ask: (after) =>
        new Promise((resolve, reject) => {
          asked.push({ after, answer: (came) => ('status' in came ? reject(came) : resolve(came)) });
        }),
      chosen: false,
      onChange: (now) => {
        known = now;
      },
      onProblem: (problem) => problems.push(problem),
      pauseMs: () => 1,
      ...more,
    });
    const next = async () => {
      await vi.waitFor(() => expect(asked).not.toEqual([]));
      return asked.shift() as (typeof asked)[number];
    };
    return { reader, next, asked, problems, stateAt: (at: number) => known.entries.get(at)?.state };
  }

  it('a change while a page is on its way is read after it, and never lost', async () => {
    const { reader, next, asked, stateAt } = reading();
    const first = await next();
    reader.refresh();
    reader.refresh();
    expect(asked).toEqual([]);
    first.answer(page(0, 200, 200, 'running'));
    (await next()).answer(page(0, 200, 200, 'completed'));
    await vi.waitFor(() => expect(stateAt(0)).toBe('completed'));
    expect(asked).toEqual([]);
    reader.close();
  });

  it('rows that were out of view when the run ended are read when somebody comes back to them', async () => {
    const { reader, next, asked, stateAt } = reading();
    (await next()).answer(page(0, 200, 200, 'running'));
    reader.want(900, 930);
    (await next()).answer(page(900, 100, undefined, 'running'));
    await vi.waitFor(() => expect(stateAt(900)).toBe('running'));
    reader.refresh();
    const again = await next();
    expect(again.after).toBe(900);
    again.answer(page(900, 100));
    await vi.waitFor(() => expect(stateAt(900)).toBe('completed'));
    reader.want(0, 30);
    const back = await next();
    expect(back.after).toBe(0);
    back.answer(page(0, 200, 200));
    await vi.waitFor(() => expect(stateAt(0)).toBe('completed'));
    expect(asked).toEqual([]);
    reader.close();
  });

  it('what was refused for now is asked for again, and what is refused for good is not', async () => {
    const { reader, next, asked, problems, stateAt } = reading();
    (await next()).answer({ status: 503 });
    (await next()).answer({ status: 429 });
    (await next()).answer(page(0, 200, 200));
    await vi.waitFor(() => expect(stateAt(0)).toBe('completed'));
    reader.refresh();
    (await next()).answer({ status: 404 });
    await vi.waitFor(() => expect(problems).toEqual([{ status: 503 }, { status: 429 }, undefined, { status: 404 }]));
    expect(asked).toEqual([]);
    reader.close();
  });

  it('a page without what was asked for is no reason to ask for ever', async () => {
    const { reader, next, asked, problems } = reading();
    (await next()).answer(page(0, 0));
    await vi.waitFor(() => expect(problems).toEqual([undefined]));
    expect(asked).toEqual([]);
    reader.close();
  });
});
