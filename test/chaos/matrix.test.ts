/** The chaos suite in small: the checker flags a seeded bug by real worker processes, and nothing without one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Invariant } from '../../src/orchestrators/invariants/history.js';
import { violationText } from '../../src/orchestrators/invariants/verdict.js';
import { MUTANTS, type Mutant } from '../support/crash-order.js';
import { deletePrefix, redisUrl, testPrefix } from '../support/redis.js';
import { QUICK_SETTINGS } from './lane.js';
import { runMatrix } from './matrix.js';
import { runMutants } from './mutants.js';
import { planRuns } from './plan.js';
import { SITES } from './points.js';
import { openShop } from './shop.js';

/** What it is flagged by at least; more may follow from it. */
const FLAGGED_BY: Readonly<Record<Mutant, readonly Invariant[]>> = {
  'no-forward-key': ['I2', 'I6'],
  'no-undo-key': ['I6'],
  'no-intent': ['I4'],
  'max-stalled-count-1': ['I1'],
  'no-fence': ['I7'],
  'id-reused': ['I1'],
};

async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-chaos-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('[P1] [P3] [P4] a few runs of each pattern, each struck once: no invariant is violated', async () => {
  const folder = await ownFolder();
  const prefix = testPrefix();
  const shop = await openShop(join(folder, 'shop'));
  onTestFinished(async () => {
    await shop.stop();
    await deletePrefix(prefix);
  });
  const named = ['after-effect', 'before-append', 'before-end'];
  const sites = SITES.filter(({ point, stage }, at) => named.includes(point) && (stage === '' || at % 3 === 0));
  const report = await runMatrix({
    redisUrl: redisUrl(),
    prefix,
    folder,
    shop,
    runs: planRuns({ seed: 1, runs: 8, struck: 1, freezes: 0, twice: 0, sites }),
    settings: QUICK_SETTINGS,
    active: 3,
    spares: 1,
    window: 8,
    limit: '40s',
  });
  expect(report.verdict.violations.map(violationText)).toEqual([]);
  expect(report.shortfalls).toEqual([]);
  expect(report.kills).toBe(8);
}, 120_000);

// One that nothing flags any more is a checker that has lost an eye, or an engine that has learnt something: both are to be seen.
test.each(MUTANTS)(
  'the checker flags the mutant %s',
  async (mutant) => {
    const options = { redisUrl: redisUrl(), folder: await ownFolder(), seed: 1, mutants: [mutant] };
    const [report] = await runMutants(options);
    onTestFinished(() => deletePrefix(`{${mutant}-`));
    const flagged = [...new Set(report?.violations.map(({ invariant }) => invariant))];
    expect(flagged).toEqual(expect.arrayContaining([...FLAGGED_BY[mutant]]));
  },
  120_000,
);
