import { describe, expect, it } from 'vitest';
import type { ListedRun } from '../../../src/ports.js';
import { type AskPage, type FoundRuns, readOn, renewed } from '../../../src/ui/runs/found-runs.js';

/** An index as the server has it, newest first, of which some fit; a page looks at so many at most. */
function indexOf(looked = 1_000) {
  const all: ListedRun[] = [];
  let asked = 0;
  const fits = new Set<string>();
  return {
    add(count: number, everyNth = 1) {
      for (let n = 0; n < count; n += 1) {
        const at = all.length + 1;
        const id = `run-${String(at).padStart(6, '0')}`;
        all.unshift({ id, workflow: 'w', status: 'open', createdAt: at });
        if (at % everyNth === 0) fits.add(id);
      }
    },
    end(id: string) {
      fits.delete(id);
    },
    fitting: () => all.filter(({ id }) => fits.has(id)).map(({ id }) => id),
    asked: () => asked,
    now: () => all.length,
    ask: (async ({ cursor, limit }) => {
      asked += 1;
      const from = cursor === undefined ? 0 : all.findIndex(({ id }) => cursor.endsWith(id)) + 1;
      const runs: ListedRun[] = [];
      let at = from;
      for (; at < all.length && at - from < looked && runs.length < limit; at += 1) {
        const run = all[at];
        if (run && fits.has(run.id)) runs.push(run);
      }
      const last = all[at - 1];
      return { runs, ...(at < all.length && last && { cursor: `${last.createdAt}_${last.id}` }) };
    }) satisfies AskPage,
  };
}

async function all(steps: AsyncGenerator<FoundRuns>, most = Number.POSITIVE_INFINITY): Promise<FoundRuns> {
  let found: FoundRuns = { runs: [], cursor: undefined };
  let pages = 0;
  for await (const step of steps) {
    found = step;
    pages += 1;
    if (pages === most) break;
  }
  return found;
}

const ids = ({ runs }: FoundRuns) => runs.map(({ id }) => id);

describe('runs read from the newest on', () => {
  it('come in one page where they are many, and behind them in the next', async () => {
    const index = indexOf();
    index.add(120);
    const first = await all(readOn(index.ask, 50));
    expect([ids(first), index.asked()]).toEqual([index.fitting().slice(0, 50), 1]);
    const both = await all(readOn(index.ask, 100, first));
    expect([ids(both), index.asked()]).toEqual([index.fitting().slice(0, 100), 2]);
    expect((await all(readOn(index.ask, 500))).cursor).toBeUndefined();
  });

  it('are looked for through empty pages, and shown as they are found', async () => {
    const index = indexOf(100);
    index.add(1_000, 400);
    const steps: number[] = [];
    for await (const { runs } of readOn(index.ask, 50)) steps.push(runs.length);
    expect(steps).toEqual([0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  });
});

describe('runs that are read again', () => {
  it('have no hole, whatever came between, and lack what fits no more', async () => {
    for (const [came, pages] of [
      [0, 1],
      [30, 1],
      [99, 1],
      [250, 3],
      [250, 1],
    ] as const) {
      const index = indexOf(100);
      index.add(1_000, 10);
      const before = await all(readOn(index.ask, 60));
      const lookedAt = index.now();
      index.add(came, 10);
      const gone = index.fitting()[2] ?? '';
      index.end(gone);
      const again = await all(readOn(index.ask, 60), pages);
      const found = renewed(before, again, lookedAt);
      // So many came that those between were not read: it has to be read on from there.
      const shown = ids(found ?? again);
      expect(shown).toEqual(index.fitting().slice(0, shown.length));
      expect(found === undefined).toBe(came === 250 && pages === 1);
      if (found) expect(shown.length).toBeGreaterThanOrEqual(59);
    }
  });

  it('are what was read, where that reaches as far', async () => {
    const index = indexOf();
    index.add(300);
    const before = await all(readOn(index.ask, 50));
    const again = await all(readOn(index.ask, 120));
    expect(renewed(before, again, index.now())).toBe(again);
    const whole = await all(readOn(index.ask, 1_000));
    expect(renewed(before, whole, 0)).toBe(whole);
  });
});
