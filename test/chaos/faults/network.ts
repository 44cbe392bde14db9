/** The way to Redis breaks, in the ways that ways break. */
import { lasting, until } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, midLoad, report, type ShopScene, someShare, unburnt, withShop } from './with-shop.js';

const RESET_EVERY_MS = 700;

/** Every connection is reset every 0.7 s, from the first order to the last. */
export async function networkResets(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async (scene) => {
    const { shop, proxy } = scene;
    proxy.resetEvery(RESET_EVERY_MS);
    await shop.submit(shop.client(), 0, env.runs);
    await until(() => shop.books.labels() >= env.runs * 0.9, { limitMs: 300_000, what: 'work in spite of resets' });
    proxy.resetEvery(0);
    const audited = await audit(shop);
    return report(shop, audited, { faults: { resets: proxy.counts.resets }, violations: unburnt(audited) });
  });
}

/** 100 ms there and back, as from another continent. */
const ONE_WAY_MS = 50;

export async function networkSlow(env: FaultEnv): Promise<FaultReport> {
  return await withShop(env, {}, async ({ shop, proxy }) => {
    proxy.delay(ONE_WAY_MS);
    await shop.submit(shop.client(), 0, env.runs);
    const audited = await audit(shop);
    return report(shop, audited, {
      faults: { 'slow connections': proxy.counts.connections },
      violations: unburnt(audited),
    });
  });
}

/** All is swallowed, both ways; when it heals, old connections stay dead, as behind a firewall that forgot them. */
export async function blackHole(env: FaultEnv): Promise<FaultReport> {
  return await silence(env, ['toServer', 'toClient'], 'lost');
}

/** What Redis answers does not arrive: it has done what it was asked, and nobody knows. */
export async function answersLost(env: FaultEnv): Promise<FaultReport> {
  return await silence(env, ['toClient'], 'lost');
}

/** What Redis is asked does not arrive. */
export async function questionsLost(env: FaultEnv): Promise<FaultReport> {
  return await silence(env, ['toServer'], 'lost');
}

/** All is swallowed, and arrives late, when others have taken over: the fence is what holds. */
export async function blackHoleDelivered(env: FaultEnv): Promise<FaultReport> {
  return await silence(env, ['toServer', 'toClient'], 'delivered');
}

/** From the end of the silence to the next effect; a worker drops a silent connection after 12 s. */
const HEALED_WITHIN_MS = 15_000;
const SILENT_MS = { quick: 2_000, full: 8_000 };

async function silence(
  env: FaultEnv,
  ways: readonly ('toServer' | 'toClient')[],
  how: 'lost' | 'delivered',
): Promise<FaultReport> {
  return await withShop(env, {}, async (scene: ShopScene) => {
    const { shop, proxy } = scene;
    let healedMs = 0;
    await midLoad(env, scene, someShare(env), async () => {
      proxy.silence(...ways);
      await lasting(env.quick ? SILENT_MS.quick : SILENT_MS.full);
      const before = shop.books.charges() + shop.books.labels();
      proxy.heal(how);
      const from = performance.now();
      await until(() => shop.books.charges() + shop.books.labels() > before, { what: 'work after the silence' });
      healedMs = Math.round(performance.now() - from);
    });
    const late = healedMs > HEALED_WITHIN_MS ? [`work went on ${healedMs} ms after the silence ended`] : [];
    const audited = await audit(shop);
    return report(shop, audited, {
      faults: { 'bytes swallowed': proxy.counts.swallowed },
      counts: { healedMs },
      violations: [...late, ...unburnt(audited)],
    });
  });
}
