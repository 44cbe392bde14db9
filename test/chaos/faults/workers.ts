/** Workers that live on past their lock, that are told to stop, and whose clock is wrong. */
import { readdir, readFile } from 'node:fs/promises';
import { fakeClock } from '../../support/faults/fake-clock.js';
import type { Shop } from '../../support/faults/shop.js';
import type { ShopWorker } from '../../support/faults/shop-worker-process.js';
import { lasting, until } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, midLoad, report, someShare, unburnt, withShop } from './with-shop.js';

/** Lock, two sweeps, and a little: by then another worker has the jobs. */
const PAST_LOCK_MS = { quick: 4_500, full: 10_000 };
const pastLock = ({ quick }: FaultEnv) => (quick ? PAST_LOCK_MS.quick : PAST_LOCK_MS.full);

/** How often it may be that the frozen worker held nothing at that moment. */
const FREEZES = { quick: 1, full: 3 };

/** Frozen in the middle of its jobs, and woken when others have them: what it records then is refused. */
export async function workerFrozen(env: FaultEnv): Promise<FaultReport> {
  const freezes = env.quick ? FREEZES.quick : FREEZES.full;
  return await withShop(env, { workers: 1 }, async (scene) => {
    const { shop } = scene;
    const frozen = await shop.worker();
    const shares = Array.from({ length: freezes }, (_, n) => (n + env.random()) / (freezes + 1));
    await midLoad(env, scene, shares, async () => {
      frozen.signal('SIGSTOP');
      await lasting(pastLock(env));
      frozen.signal('SIGCONT');
    });
    const audited = await audit(shop);
    return report(shop, audited, { faults: { 'worker SIGSTOP': freezes }, violations: unburnt(audited) });
  });
}

/** Its event loop is busy for longer than its locks last: no timer fires, no lock is renewed, and it does not know. */
export async function eventLoopBlocked(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, { workers: 1 }, async (scene) => {
    const { shop } = scene;
    const blocked = await shop.worker({ preload: ['block-loop.mjs'], env: { BLOCK_MS: String(pastLock(env)) } });
    const times = () => blocked.output().split('event loop blocked').length - 1;
    await midLoad(env, scene, someShare(env), async () => {
      blocked.signal('SIGUSR2');
      await until(() => times() > 0, { what: 'the end of the block' });
    });
    const audited = await audit(shop);
    return report(shop, audited, { faults: { 'event loop blocked': times() }, violations: unburnt(audited) });
  });
}

/** A grace is 25 s by default; what is left over is for servers to end. */
const STOPPED_WITHIN_MS = 30_000;

/** Told to stop in the middle of its work, one worker after the other: each ends well, in time, and leaves nothing behind. */
export async function workersStopped(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, { workers: 1 }, async (scene) => {
    const { shop } = scene;
    const violations: string[] = [];
    let stops = 0;
    const rollOver = async () => {
      const old = await shop.worker();
      await lasting(env.random() * 1_000);
      violations.push(...(await stopWell(shop, old)));
      stops += 1;
    };
    await midLoad(env, scene, [0.1, 0.4, 0.7], rollOver);
    const audited = await audit(shop);
    violations.push(...unburnt(audited));
    return report(shop, audited, { faults: { SIGTERM: stops }, violations });
  });
}

async function stopWell(shop: Shop, worker: ShopWorker): Promise<readonly string[]> {
  const children = await childrenOf(worker.pid);
  const from = performance.now();
  worker.signal('SIGTERM');
  const end = await Promise.race([worker.ended, lasting(STOPPED_WITHIN_MS).then(() => 'not at all' as const)]);
  const tookMs = Math.round(performance.now() - from);
  const left = (await Promise.all(children.map(async (pid) => ((await isAlive(pid)) ? [pid] : [])))).flat();
  return [
    ...(end === 0 ? [] : [`a worker that was told to stop ended with ${end} after ${tookMs} ms: ${worker.output()}`]),
    ...(children.length === 0 ? [`worker ${worker.pid} of ${shop.prefix} has no servers: nothing was looked for`] : []),
    ...left.map((pid) => `process ${pid} has outlived its worker`),
  ];
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const owners = await Promise.all(pids.map(async (pid) => ({ pid, parent: await parentOf(pid) })));
  return owners.filter((one) => one.parent === parent).map(({ pid }) => pid);
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name stands in parentheses and may hold anything.
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return parent === undefined ? undefined : Number(parent);
}

async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

const HOUR_MS = 3_600_000;

/** An hour off, one way and the other: it takes nothing until its clock is mended, and its colleague does all the work. */
export async function clockSkewed(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, { workers: 1 }, async ({ shop, redis }) => {
    const skewed = await Promise.all(
      [HOUR_MS, -HOUR_MS].map((ms) => shop.worker({ preload: ['skew-clock.mjs'], env: { CLOCK_SKEW_MS: String(ms) } })),
    );
    const mend: (() => unknown)[] = skewed.map((worker) => () => worker.signal('SIGUSR2'));
    const fake = await fakeClock(env.folder, HOUR_MS / 1_000);
    if (typeof fake !== 'string') {
      skewed.push(await shop.worker({ env: fake.env }));
      mend.push(fake.mend);
    }
    const half = Math.ceil(env.runs / 2);
    await shop.submit(shop.client(), 0, half);
    const before = await audit(shop);
    const took = await jobsTakenBy(redis.admin, skewed);
    const silent = skewed.filter((worker) => !/clock is/.test(worker.output()));
    for (const one of mend) await one();
    await until(() => skewed.every((worker) => /takes jobs again/.test(worker.output())), {
      what: 'work with mended clocks',
    });
    await shop.submit(shop.client(), half, env.runs);
    const audited = await audit(shop);
    const after = await jobsTakenBy(redis.admin, skewed);
    return report(shop, audited, {
      faults: { 'skewed workers': skewed.length },
      counts: { takenWhileSkewed: took, takenWhenMended: after },
      violations: [
        ...before.violations,
        ...(took > 0 ? [`workers took ${took} jobs while their clocks were an hour off`] : []),
        ...silent.map((worker) => `worker ${worker.pid} does not say that its clock is wrong`),
        ...unburnt(audited),
      ],
      notes: typeof fake === 'string' ? [fake] : [],
    });
  });
}

/** BullMQ writes each job's worker into the job. */
async function jobsTakenBy(redis: Shop['admin'], workers: readonly ShopWorker[]): Promise<number> {
  let count = 0;
  for await (const keys of redis.scanStream({ match: '{shop}:*', type: 'hash', count: 1_000 })) {
    for (const key of keys) {
      const name = await redis.hget(key, 'pb');
      if (name !== null && workers.some(({ pid }) => name.endsWith(`:${pid}`))) count += 1;
    }
  }
  return count;
}
