/** What issue 4 promises of a run of ten thousand branches, at size. */
import { expect, test } from 'vitest';
import { wideRun } from '../../support/wide-run.js';

const BRANCHES = 10_000;

test('a page of a run of ten thousand branches opens in under a second, by at most thirty commands', async () => {
  const { costOf, half } = await wideRun(BRANCHES);
  const pages = ['?limit=500', `?after=${half - 100}&limit=500`, '?after=9500&limit=500', '?state=failed&limit=500'];
  const further = ['?state=running', '?state=waiting'];
  const measured: [path: string, ms: number, commands: number][] = [];
  for (const path of ['?timeline=none', ...[...pages, ...further].map((query) => `/timeline${query}`)]) {
    const { status, ms, commands } = await costOf(path);
    expect([path, status]).toEqual([path, 200]);
    measured.push([path, Math.round(ms), commands]);
  }
  process.stdout.write(
    `${measured.map(([path, ms, commands]) => `${path}: ${ms} ms, ${commands} commands`).join('\n')}\n`,
  );
  for (const [path, ms, commands] of measured) {
    expect([path, ms, commands]).toEqual([
      path,
      expect.toSatisfy((n) => n < 1_000),
      expect.toSatisfy((n) => n > 0 && n <= 30),
    ]);
  }
}, 300_000);
