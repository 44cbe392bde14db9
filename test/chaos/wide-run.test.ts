/** What issue 4 promises of a run of ten thousand branches, at size. */
import { expect, test } from 'vitest';
import { wideRun } from '../support/wide-run.js';

const BRANCHES = 10_000;

test('a page of a run of ten thousand branches opens in under a second, by at most thirty commands', async () => {
  const { costOf, half, api, run } = await wideRun(BRANCHES);
  const measured: [query: string, ms: number, commands: number][] = [];
  for (const query of [
    '?limit=500',
    `?after=${half - 100}&limit=500`,
    '?after=9500&limit=500',
    '?state=failed&limit=500',
    '?state=running',
    '?state=waiting',
  ]) {
    const { status, ms, commands } = await costOf(query);
    expect([query, status]).toEqual([query, 200]);
    measured.push([query, Math.round(ms), commands]);
  }
  const begun = performance.now();
  expect((await fetch(`${api.url}/v1/runs/${run.id}?timeline=none`)).status).toBe(200);
  measured.push(['document, timeline=none', Math.round(performance.now() - begun), 0]);
  process.stdout.write(
    `${measured.map(([query, ms, commands]) => `${query}: ${ms} ms, ${commands} commands`).join('\n')}\n`,
  );
  for (const [query, ms, commands] of measured)
    expect([query, ms, commands]).toEqual([
      query,
      expect.toSatisfy((n) => n < 1_000),
      expect.toSatisfy((n) => n <= 30),
    ]);
}, 300_000);
