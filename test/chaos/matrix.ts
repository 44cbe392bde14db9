/**
 * The crash matrix: planned runs on worker processes that kill or freeze themselves where the plan says, the real servers'
 * books beside them, and then the checker over everything that any witness knows.
 */
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Retention } from '../../src/config.js';
import { switchyard } from '../../src/engine/engine.js';
import { checkHistory } from '../../src/orchestrators/invariants/check.js';
import type { History } from '../../src/orchestrators/invariants/history.js';
import type { Verdict } from '../../src/orchestrators/invariants/verdict.js';
import { statusOf } from '../../src/orchestrators/timeline.js';
import type { WorkerSettings } from '../../src/worker-settings.js';
import type { Mutant } from '../support/crash-order.js';
import { prepareStrikeFolder } from '../support/crash-strikes.js';
import { matrixWorkflows } from '../support/crash-workflows.js';
import { silentLog } from '../support/silent-log.js';
import { Client } from './client.js';
import { Crew } from './crew.js';
import { openJobs, type RedisEvidence, redisEvidence, type WorkerEvidence, workerEvidence } from './evidence.js';
import { type PlannedRun, SKU, strikePlan } from './plan.js';
import type { Books, Shop } from './shop.js';

export interface MatrixOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  /** An empty folder of this matrix's own. */
  readonly folder: string;
  /** Nobody else uses it meanwhile. */
  readonly shop: Shop;
  readonly runs: readonly PlannedRun[];
  readonly settings: Partial<WorkerSettings>;
  readonly active: number;
  readonly spares: number;
  /** Runs in flight at once. */
  readonly window: number;
  /** How long the client waits for one run. */
  readonly limit: `${number}s`;
  /** Workers that end effects as a Worker that is not ours does. */
  readonly plain?: true;
  readonly mutant?: Mutant;
  readonly retention?: Retention;
  readonly progress?: (line: string) => void;
}

export interface MatrixReport {
  readonly runs: readonly PlannedRun[];
  readonly verdict: Pick<Verdict, 'violations' | 'checked'>;
  readonly workers: WorkerEvidence;
  readonly kills: number;
  readonly freezes: number;
  readonly seconds: number;
  /** Why the run proves less than it should: too few crashes, too little done. */
  readonly shortfalls: readonly string[];
}

export async function runMatrix(options: MatrixOptions): Promise<MatrixReport> {
  const { redisUrl, prefix, folder, shop, runs, progress = () => {} } = options;
  const { settings, plain, mutant, retention } = options;
  const strikes = join(folder, 'strikes');
  mkdirSync(strikes, { recursive: true });
  prepareStrikeFolder(strikes);
  writeFileSync(join(strikes, 'plan.json'), JSON.stringify(strikePlan(runs)));

  const redis = new Redis(redisUrl);
  await once(redis, 'ready');
  const mark = shop.mark();
  const stockBefore = shop.books(mark).stock;
  const workflows = matrixWorkflows();
  const sy = switchyard({
    connection: redisUrl,
    prefix,
    workflows,
    logger: silentLog,
    ...(retention && { retention }),
  });
  const client = new Client(sy, options.limit);
  const crew = new Crew({
    order: {
      url: redisUrl,
      prefix,
      point: 'never',
      settings,
      matrix: {
        folder: strikes,
        servers: shop.servers,
        ...(plain && { plain }),
        ...(mutant && { mutant }),
        ...(retention && { retention }),
      },
    },
    active: options.active,
    spares: options.spares,
    thawAfter: async (run) => {
      await sy.run(run).wait('20s');
    },
  });
  try {
    await crew.start();
    const begun = performance.now();
    await client.work(runs, options.window, (done) => {
      if (done % 50 === 0) progress(`${done} of ${runs.length} runs, ${crew.kills} kills`);
    });
    await client.repeat(runs);
    await untilQuiet(redis, prefix, options);
    const seconds = (performance.now() - begun) / 1_000;
    const replays = await shop.replay(10);
    await crew.end();
    await sy.close();
    const evidence = await redisEvidence(
      redis,
      prefix,
      workflows,
      runs.map(({ id }) => id),
    );
    const workers = workerEvidence(strikes);
    const history: History = {
      ...booksOf(runs, shop.books(mark), stockBefore),
      ...evidence,
      submissions: client.submissions,
      tellings: client.tellings,
      attempts: workers.attempts ?? [],
      writes: workers.writes ?? [],
      replays,
      // One machine, one clock.
      skewMs: 5,
      outcomesIn: (_workflow, output) => (Array.isArray(output) ? output.length : undefined),
    };
    return {
      runs,
      verdict: checkHistory(history),
      workers,
      kills: crew.kills,
      freezes: crew.freezes,
      seconds,
      shortfalls: [...crew.faults, ...shortfalls(runs, workers, evidence)],
    };
  } finally {
    await crew.end();
    await sy.close();
    redis.disconnect();
  }
}

function booksOf(runs: readonly PlannedRun[], books: Books, stockBefore: number) {
  const orders = runs.filter(({ workflow }) => workflow === 'order');
  return {
    ledger: books.ledger,
    money: { due: new Map(orders.map(({ id, amountMinor }) => [id, amountMinor])), movements: books.movements },
    stock: [
      {
        item: SKU,
        before: stockBefore,
        after: books.stock,
        ordered: new Map(orders.map(({ id, pieces }) => [id, pieces])),
      },
    ],
  };
}

/** Of the strikes and of the work that were planned, how much must have happened. */
const ENOUGH = { strikes: 0.95, work: 0.9 };

/** Of few strikes, each that a neighbour's kill takes past its point is some percent. */
const MAY_MISS = { ofAtLeast: 40, strikes: 5 };

function isTooFew(struck: number, planned: number): boolean {
  const missed = planned - struck;
  return struck < planned * ENOUGH.strikes && (planned < MAY_MISS.ofAtLeast || missed > MAY_MISS.strikes);
}

function shortfalls(
  runs: readonly PlannedRun[],
  { struck }: WorkerEvidence,
  { runs: known }: RedisEvidence,
): readonly string[] {
  const planned = runs.reduce((sum, { strikes }) => sum + strikes.length, 0);
  const wrong = runs.filter(({ id, ends }) => {
    const facts = known.get(id);
    return !facts || !ends.includes(statusOf(facts));
  }).length;
  return [
    ...(isTooFew(struck.length, planned) ? [`${struck.length} of ${planned} planned strikes were made`] : []),
    ...(wrong > runs.length * (1 - ENOUGH.work) ? [`${wrong} of ${runs.length} runs did not end as ordered`] : []),
  ];
}

/** The last jobs of ended runs complete a moment after their run has ended, or once their dead worker's lock is gone. */
async function untilQuiet(redis: Redis, prefix: string, { limit }: MatrixOptions): Promise<void> {
  const deadline = performance.now() + Number.parseInt(limit, 10) * 1_000;
  while (performance.now() < deadline) {
    const jobs = await openJobs(redis, prefix, matrixWorkflows());
    const waitsForPeople = jobs.every(({ state }) => state === 'waiting-children');
    if (jobs.length === 0 || (waitsForPeople && (await noneHasEnded(redis, prefix, jobs)))) return;
    await delay(50);
  }
}

async function noneHasEnded(redis: Redis, prefix: string, jobs: readonly { readonly run: string }[]) {
  const statuses = await Promise.all(jobs.map(({ run }) => redis.hmget(`${prefix}:log:${run}`, 'status', 'phase')));
  return statuses.every(([status, phase]) => status === null && phase !== null && phase !== 'compensating');
}

/** By run: from each kill to the moment at which the run went on in another process, ms. */
export function recoveries({ struck, begun }: WorkerEvidence): ReadonlyMap<string, readonly number[]> {
  const byRun = new Map<string, number[]>();
  for (const { run, at, how } of struck) {
    const next = how === 'kill' ? begun.find((line) => line.run === run && line.at > at) : undefined;
    if (next) byRun.set(run, [...(byRun.get(run) ?? []), next.at - at]);
  }
  return byRun;
}
