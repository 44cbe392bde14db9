/**
 * Six bugs, each seeded into the worker processes of a small matrix: whatever a checker is worth shows in what it says of
 * them. Each needs few runs, since they are struck where the bug bites.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Retention } from '../../src/config.js';
import type { Violation } from '../../src/orchestrators/invariants/verdict.js';
import { MUTANTS, type Mutant } from '../support/crash-order.js';
import { QUICK_SETTINGS } from './lane.js';
import { runMatrix } from './matrix.js';
import { type PlanOptions, planRuns } from './plan.js';
import { SITES, type Site } from './points.js';
import { openShop, type Shop } from './shop.js';

export interface MutantReport {
  readonly mutant: Mutant;
  readonly runs: number;
  readonly kills: number;
  readonly seconds: number;
  readonly violations: readonly Violation[];
}

interface Scene extends Omit<PlanOptions, 'seed' | 'struck' | 'freezes'> {
  readonly struck?: number;
  readonly freezes?: number;
  readonly retention?: Retention;
}

const at = (kind: Site['kind'], point: Site['point'], stage: string) =>
  SITES.filter((site) => site.kind === kind && site.point === point && site.stage === stage);

const SCENES: Readonly<Record<Mutant, Scene>> = {
  'no-forward-key': { runs: 3, sites: at('order', 'after-effect', 'charge_payment'), twice: 0 },
  'no-undo-key': { runs: 3, sites: at('refused', 'after-effect', 'charge_payment.undo'), twice: 0 },
  'no-intent': { runs: 3, sites: at('refused', 'before-failure', 'create_shipping_label'), twice: 0 },
  'max-stalled-count-1': { runs: 3, sites: at('order', 'after-effect', 'charge_payment'), twice: 1 },
  'no-fence': { runs: 2, sites: at('order', 'after-effect', 'charge_payment'), struck: 0, freezes: 2 },
  // The shortest retention that is allowed, and one ended run of each workflow kept.
  'id-reused': { runs: 8, struck: 0, retention: { ageMs: 1_000, count: 1 } },
};

export interface MutantOptions {
  readonly redisUrl: string;
  readonly folder: string;
  readonly seed: number;
  readonly mutants?: readonly Mutant[];
}

export async function runMutants(options: MutantOptions): Promise<readonly MutantReport[]> {
  const shop = await openShop(join(options.folder, 'shop'));
  try {
    const reports: MutantReport[] = [];
    for (const mutant of options.mutants ?? MUTANTS) reports.push(await runMutant(mutant, options, shop));
    return reports;
  } finally {
    await shop.stop();
  }
}

async function runMutant(mutant: Mutant, { redisUrl, folder, seed }: MutantOptions, shop: Shop): Promise<MutantReport> {
  const { retention, struck = 1, freezes = 0, ...scene } = SCENES[mutant];
  // A seed of its own: ids follow from keys, and all of them share the shop.
  const planned = planRuns({ seed: seed * MUTANTS.length + MUTANTS.indexOf(mutant), struck, freezes, ...scene });
  // Of a reused id only a repetition can tell.
  const runs = mutant === 'id-reused' ? planned.map((run) => ({ ...run, again: 'same' as const })) : planned;
  const own = join(folder, mutant);
  mkdirSync(own, { recursive: true });
  const { verdict, kills, seconds } = await runMatrix({
    redisUrl,
    prefix: `{${mutant}-${seed}}`,
    folder: own,
    shop,
    runs,
    settings: QUICK_SETTINGS,
    active: 2,
    spares: 1,
    window: 4,
    limit: '8s',
    // Each of them is a bug in a write of its own, which has to be one.
    plain: true,
    mutant,
    ...(retention && { retention }),
  });
  return { mutant, runs: runs.length, kills, seconds, violations: verdict.violations };
}
