/**
 * `npm run chaos -- [--seed N] [--seeds N] [--runs N] [--mutants] [--faults]`
 *
 * One seed, printed: the crash matrix, recovery at the shipped settings, and the mutants. `--seed` repeats one; `--seeds N`
 * runs N of them and the fault scenarios; `--mutants` and `--faults` run those alone. Ends with tables, and with 1 when
 * anything was violated, proved less than planned, or let a mutant pass.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '../../src/adapters/embedded-redis/embedded-redis.js';
import { violationText } from '../../src/orchestrators/invariants/verdict.js';
import { silentLog } from '../support/silent-log.js';
import { AT_DEFAULTS, LANE, PLAIN, QUICK_SETTINGS, RECOVERY_LIMIT_MS } from './lane.js';
import { type MatrixReport, recoveries, runMatrix } from './matrix.js';
import { type MutantReport, runMutants } from './mutants.js';
import { planRuns, randomOf } from './plan.js';
import { PLAIN_SITES, SITES } from './points.js';
import { checkRemains, countRemains } from './remains.js';
import { SCENARIOS } from './scenarios.js';
import { openShop } from './shop.js';
import { invariantsTable, mutantsTable, pointsTable } from './tables.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    runs: { type: 'string', default: String(LANE.runs) },
    mutants: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
  },
});

/** Where nothing else goes on until the dead worker's job is taken up. */
const EFFECTS = SITES.filter(({ point, kind }) => point === 'after-effect' && (kind === 'order' || kind === 'refused'));

const say = (line: string) => void process.stdout.write(`${line}\n`);
const problems: string[] = [];
/** Checked beside the reports whose points stand in the table. */
const otherVerdicts: MatrixReport['verdict'][] = [];

const first = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => first + at);
const atLength = seeds.length > 1;
const alone = values.mutants || values.faults;

const folder = await mkdtemp(join(tmpdir(), 'switchyard-chaos-'));
const redis = await startEmbeddedRedis({ dataDir: folder, log: silentLog });
const client = new Redis(redis.url);
try {
  const reports: MatrixReport[] = [];
  if (!alone) for (const seed of seeds) reports.push(...(await runSeed(seed)));
  const mutants = values.mutants || !alone ? await mutantReports(first) : [];
  if (values.faults || atLength) await runScenarios(first);
  summarise(reports, mutants);
} finally {
  client.disconnect();
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
}
for (const problem of problems) say(`PROBLEM  ${problem}`);
say(problems.length === 0 ? 'no violation' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

async function runSeed(seed: number): Promise<readonly MatrixReport[]> {
  say(`seed ${seed}: npm run chaos -- --seed ${seed} --runs ${values.runs} repeats it`);
  const common = { redisUrl: redis.url, limit: '60s' } as const;
  const before = await countRemains(client);
  // Two shops: their books are compared with all that was ordered there.
  const shops = await Promise.all(
    ['matrix', 'plain', 'defaults'].map(async (name) => openShop(await ownFolder(`shop-${name}-${seed}`))),
  );
  const [shop, plainShop, otherShop] = shops;
  if (!shop || !plainShop || !otherShop) throw new Error('no shops');
  const matrix = runMatrix({
    ...common,
    ...LANE,
    shop,
    prefix: `{chaos-${seed}}`,
    folder: await ownFolder(`matrix-${seed}`),
    runs: planRuns({ ...LANE, seed, runs: Number(values.runs) }),
    settings: QUICK_SETTINGS,
    progress: (line) => say(`  ${line}`),
  });
  const atDefaults = runMatrix({
    ...common,
    ...AT_DEFAULTS,
    shop: otherShop,
    prefix: `{defaults-${seed}}`,
    folder: await ownFolder(`defaults-${seed}`),
    runs: planRuns({ seed, runs: AT_DEFAULTS.runs, struck: 1, freezes: 0, twice: 0, sites: EFFECTS }),
    settings: {},
  });
  const one = async () => {
    const quick = await matrix;
    const plain = await runMatrix({
      ...common,
      ...PLAIN,
      shop: plainShop,
      prefix: `{plain-${seed}}`,
      folder: await ownFolder(`plain-${seed}`),
      runs: planRuns({ ...PLAIN, seed, sites: PLAIN_SITES }),
      settings: QUICK_SETTINGS,
      plain: true,
    });
    return [quick, plain];
  };
  const [matrices, defaults] = await Promise.all([one(), atDefaults]).finally(() =>
    Promise.all(shops.map((opened) => opened.stop())),
  );
  for (const report of [...matrices, defaults]) note(seed, report);
  const left = await checkRemains(client, before);
  otherVerdicts.push(defaults.verdict, left);
  problems.push(...left.violations.map((violation) => `seed ${seed}: ${violationText(violation)}`));
  const recovered = [...recoveries(defaults.workers).values()].flat();
  const longest = Math.max(0, ...recovered);
  say(`  at the shipped settings: ${recovered.length} kills, the longest recovery ${(longest / 1_000).toFixed(1)} s`);
  if (recovered.length < AT_DEFAULTS.runs * 0.9 || longest > RECOVERY_LIMIT_MS) {
    problems.push(`seed ${seed}: recovery at the shipped settings took ${Math.round(longest)} ms`);
  }
  // The other's recoveries are another setting's: one table, one setting.
  return matrices;
}

function note(seed: number, { verdict, kills, freezes, seconds, shortfalls, workers, runs }: MatrixReport): void {
  const rate = kills / seconds;
  say(
    `  ${runs.length} runs, ${kills} SIGKILLs, ${freezes} freezes, ${workers.refused} late records refused, ` +
      `${verdict.violations.length} violations in ${seconds.toFixed(1)} s (${rate.toFixed(1)} kills/s); ` +
      `the unluckiest job lost ${workers.mostCrashes} workers`,
  );
  if (freezes > 0 && workers.refused === 0)
    problems.push(`seed ${seed}: no late record was refused, nothing is proved`);
  problems.push(...verdict.violations.map((violation) => `seed ${seed}: ${violationText(violation)}`));
  problems.push(...shortfalls.map((shortfall) => `seed ${seed}: ${shortfall}`));
}

async function mutantReports(seed: number): Promise<readonly MutantReport[]> {
  say('mutants: six bugs seeded on purpose');
  const reports = await runMutants({ redisUrl: redis.url, folder: await ownFolder('mutants'), seed });
  for (const { mutant, violations } of reports) {
    if (violations.length === 0) problems.push(`the checker did not flag the mutant ${mutant}`);
  }
  return reports;
}

async function runScenarios(seed: number): Promise<void> {
  const random = randomOf(seed);
  for (const { name, runs, run } of SCENARIOS) {
    const report = await run({ folder: await ownFolder(name.replaceAll(/\W+/g, '-')), random, runs, quick: false });
    const counts = Object.entries(report.counts).map(([what, count]) => `${what} ${count}`);
    say(`${name}: ${report.accepted.length} accepted, ${counts.join(', ')}, ${report.violations.length} violations`);
    for (const text of report.notes ?? []) say(`  ${text}`);
    problems.push(...report.violations.map((violation) => `${name}: ${violation}`));
  }
}

async function ownFolder(name: string): Promise<string> {
  const own = join(folder, name);
  await mkdir(own, { recursive: true });
  return own;
}

function summarise(reports: readonly MatrixReport[], mutants: readonly MutantReport[]): void {
  if (reports.length > 0) {
    const total = (count: (report: MatrixReport) => number) => reports.reduce((sum, report) => sum + count(report), 0);
    say(
      `\n${pointsTable(reports)}\n\n${invariantsTable([...reports.map(({ verdict }) => verdict), ...otherVerdicts])}`,
    );
    say(`\nin all ${total(({ runs }) => runs.length)} runs, ${total(({ kills }) => kills)} SIGKILLs`);
  }
  if (mutants.length > 0) say(`\n${mutantsTable(mutants)}`);
  say('');
}
