/** Redis dies, or the machine under it loses its power, in the middle of orders. */
import { cuttableDisk } from '../../support/faults/fault-disk.js';
import { lasting } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, midLoad, report, someShare, unburnt, withShop } from './with-shop.js';

/** `kill -9` with AOF everysec: what the kernel was given survives, so nothing accepted is lost. */
export async function redisKilled(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    const { shop, redis } = scene;
    await midLoad(env, scene, someShare(env), async () => {
      await redis.kill();
      await lasting(env.random() * 1_500);
      await redis.start();
    });
    const audited = await audit(shop);
    return report(shop, audited, { faults: { 'Redis SIGKILL': 1 }, violations: unburnt(audited) });
  });
}

/** The power goes while every write is synced before it is acknowledged: nothing accepted is lost, and no record of an effect. */
export async function powerLostAlways(env: FaultEnv): Promise<FaultReport> {
  return await powerLost(env, 'always');
}

/**
 * The power goes while Redis syncs once a second: up to two seconds of runs and records may be lost, their effects are not.
 * Each such effect stands in the shop's books and in no run's log; these are the report's orphans.
 */
export async function powerLostEverysec(env: FaultEnv): Promise<FaultReport> {
  return await powerLost(env, 'everysec');
}

/** Few, so that what was accepted in the last second has been paid for: only then does a lost run leave something behind. */
const AHEAD = 6;

/** Right after a sync there is nothing to lose: one cut may find nothing. */
const CUTS = 3;

const ANSWERS_ARRIVE_MS = 200;

async function powerLost(env: FaultEnv, fsync: 'always' | 'everysec'): Promise<FaultReport> {
  const disk = await cuttableDisk(env.folder, fsync);
  const mayBeLost = fsync === 'everysec';
  return await withShop(env, { redis: { fsync }, disk }, async (scene) => {
    const { shop, redis } = scene;
    let acceptedBefore: readonly string[] = [];
    let cuts = 0;
    const cut = async () => {
      redis.freeze();
      // Answers that it gave are still on their way to the client, and tell of what it is about to lose.
      await lasting(ANSWERS_ARRIVE_MS);
      // What is acknowledged by now is what may be lost; later ones are accepted by the Redis that comes after.
      acceptedBefore = [...shop.journal.keys()];
      await disk.cut(redis.kill);
      await redis.start();
      cuts += 1;
    };
    const shares = Array.from({ length: CUTS }, (_, n) => (n + 0.3 + 0.6 * env.random()) / (CUTS + 1));
    await midLoad(env, scene, shares, cut, { ahead: AHEAD });
    const audited = await audit(shop, { mayBeLost });
    const late = audited.lost.filter((run) => !acceptedBefore.includes(run));
    return report(shop, audited, {
      faults: { 'power loss': cuts },
      counts: { acceptedBefore: acceptedBefore.length, lost: audited.lost.length, orphans: audited.orphans.length },
      violations: late.map((run) => `${run}: was accepted after the last power loss, and is lost`),
      notes: disk.notes,
    });
  });
}
