/** Redis is there, and cannot do its work: frozen, out of memory, out of disk, or set up to forget. */
import { SwitchyardError } from '../../../src/errors.js';
import { smallDisk } from '../../support/faults/fault-disk.js';
import { lasting, until } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, midLoad, report, type ShopScene, someShare, unburnt, withShop } from './with-shop.js';

/** Longer than every lock: whatever was held is taken over when Redis wakes, and may not be done twice. */
const FROZEN_MS = { quick: 3_500, full: 9_000 };

export async function redisFrozen(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    const { shop, redis } = scene;
    await midLoad(env, scene, someShare(env), async () => {
      redis.freeze();
      await lasting(env.quick ? FROZEN_MS.quick : FROZEN_MS.full);
      redis.thaw();
    });
    const audited = await audit(shop);
    return report(shop, audited, { faults: { 'Redis SIGSTOP': 1 }, violations: unburnt(audited) });
  });
}

/** How long Redis stays full once it has refused something. */
const REFUSING_MS = { quick: 1_000, full: 6_000 };

/** Memory is used up: writes are refused, no attempt is burnt, and all goes on when there is room. */
export async function redisFull(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    return await refusing(env, scene, 'OOM', {
      fill: () => scene.redis.config('maxmemory', '1mb'),
      free: () => scene.redis.config('maxmemory', '0'),
    });
  });
}

/** A few megabytes: full after a moment of work, if it were not filled on purpose. */
const DISK_BYTES = 64 * 1024 * 1024;

/** The disk is full: Redis cannot append to its file, and refuses writes until it can. */
export async function diskFull(env: FaultEnv): Promise<FaultReport> {
  const disk = await smallDisk(`${env.folder}/small-disk`, DISK_BYTES);
  return await withShop(env, { disk }, async (scene) => {
    const { redis } = scene;
    const done = await refusing(env, scene, 'MISCONF', {
      fill: disk.mounted ? disk.fill : () => redis.limitFiles(1),
      free: disk.mounted ? disk.free : () => redis.limitFiles('unlimited'),
    });
    return { ...done, notes: [...done.notes, ...disk.notes] };
  });
}

async function refusing(
  env: FaultEnv,
  scene: ShopScene,
  how: 'OOM' | 'MISCONF',
  { fill, free }: { readonly fill: () => Promise<void>; readonly free: () => Promise<void> },
): Promise<FaultReport> {
  const { shop, redis } = scene;
  let refused = 0;
  await midLoad(env, scene, someShare(env), async () => {
    await fill();
    await until(async () => (await redis.refused(how)) > 0, { what: `a command refused with ${how}` });
    await lasting(env.quick ? REFUSING_MS.quick : REFUSING_MS.full);
    refused = await redis.refused(how);
    await free();
  });
  const audited = await audit(shop);
  return report(shop, audited, { faults: { [how]: refused }, violations: unburnt(audited) });
}

/** A Redis that evicts is refused by producers and workers before anything is accepted. */
export async function evictingRedis(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, { redis: { eviction: 'allkeys-lru' }, workers: 0 }, async ({ shop }) => {
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'accepted',
        (error: unknown) => (error instanceof SwitchyardError ? error.code : String(error)),
      );
    const told = {
      'a producer': await codeOf(shop.submit(shop.client(), 0, 1)),
      'a worker': await codeOf(shop.client().workers().start()),
      'a worker process': await shop.worker().then(
        () => 'accepted',
        (error: Error) => (/noeviction/.test(error.message) ? 'REDIS_UNSUITABLE' : error.message),
      ),
    };
    const violations = Object.entries(told).flatMap(([who, code]) =>
      code === 'REDIS_UNSUITABLE' ? [] : [`${who} is not refused by an evicting Redis, but ${code}`],
    );
    return report(shop, await audit(shop), { faults: { refusals: 3 - violations.length }, violations });
  });
}
