/** A page of a wide run costs what a page costs. Ten thousand branches are looked at in `test/chaos/wide-run.test.ts`. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { FAILING, wideRun } from '../../support/wide-run.js';

const BRANCHES = 700;
const Page = z.object({
  total: z.literal(BRANCHES),
  next: z.number().optional(),
  entries: z.array(
    z.object({ index: z.number(), name: z.string(), state: z.string(), startedAt: z.number().nullable() }),
  ),
});

test('a page of a wide run costs at most thirty commands of Redis, whatever is asked of it', async () => {
  const { costOf, half, run, finish } = await wideRun(BRANCHES);
  for (const query of [
    '',
    '?limit=500',
    `?after=${half - 10}&limit=500`,
    '?state=failed&limit=500',
    '?state=running',
    '?state=waiting&limit=500',
  ]) {
    const { status, commands, body } = await costOf(`/timeline${query}`);
    expect([query, status]).toEqual([query, 200]);
    expect([query, commands]).toEqual([query, expect.toSatisfy((n) => n > 0 && n <= 30)]);
    Page.parse(body);
  }
  const at = async (query: string) => Page.parse((await costOf(`/timeline${query}`)).body);
  const running = await at('?state=running&limit=500');
  expect(running.entries.map(({ state }) => state)).toEqual(Array(25).fill('running'));
  const failed = await at('?state=failed&limit=3');
  expect(failed.entries.map(({ index }) => index)).toEqual([0, FAILING, 2 * FAILING]);
  expect((await at(`?state=failed&limit=3&after=${failed.next}`)).entries.map(({ index }) => index)).toEqual(
    [3, 4, 5].map((n) => n * FAILING),
  );
  // Across the place up to which it has come.
  const across = await at(`?after=${half - 2}&limit=4`);
  expect(across.entries.map(({ index }) => index)).toEqual([half - 2, half - 1, half, half + 1]);
  expect(across.entries[0]).toMatchObject({ state: 'completed', startedAt: expect.any(Number) });
  expect(across.entries[2]).toMatchObject({ state: 'running', startedAt: expect.any(Number) });

  const summary = await run.summary();
  expect(summary).toMatchObject({ status: 'running' });
  const progress = await run.progress();
  expect(progress).toMatchObject({ status: 'running', page: { total: BRANCHES, entries: [] } });
  finish();
  expect(await run.wait('30s')).toMatchObject({ status: 'partial', output: BRANCHES });
  // Entry by entry it is what the whole document says.
  const pages = [await run.page({ limit: 500 }), await run.page({ after: 500, limit: 500 })];
  const { timeline } = await run.describe();
  expect(pages.flatMap(({ entries }) => entries)).toEqual(timeline.map((entry, index) => ({ index, ...entry })));
  expect(pages[0]?.counts).toEqual({
    waiting: 0,
    running: 0,
    completed: BRANCHES - BRANCHES / FAILING,
    failed: BRANCHES / FAILING,
    skipped: 0,
  });
});
