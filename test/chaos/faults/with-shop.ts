/** What every scenario around the shop begins and ends with. */
import type { FaultDisk } from '../../support/faults/fault-disk.js';
import { type FaultRedis, type FaultRedisOptions, startFaultRedis } from '../../support/faults/fault-redis.js';
import { type Audit, type AuditOptions, Shop } from '../../support/faults/shop.js';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.js';
import { until } from '../../support/faults/until.js';
import type { FaultEnv, FaultReport } from './fault.js';

export interface ShopScene {
  readonly shop: Shop;
  readonly redis: FaultRedis;
  /** Between Redis and everybody but the scenario itself. */
  readonly proxy: TcpProxy;
}

export interface SceneOptions {
  readonly redis?: Omit<FaultRedisOptions, 'folder' | 'dataFolder'>;
  readonly disk?: FaultDisk;
  readonly workers?: number;
  readonly refusals?: boolean;
}

/** How long accepted runs have after the last fault: recovery, backlog, and a slow machine. */
const END_LIMIT_MS = 120_000;

/** Builds it up, lets the scenario break it, takes it down, whatever happens. */
export async function withShop<T>(
  env: FaultEnv,
  options: SceneOptions,
  work: (scene: ShopScene) => Promise<T>,
): Promise<T> {
  const closing: (() => Promise<void>)[] = [];
  try {
    if (options.disk) closing.push(options.disk.remove);
    const redis = await startFaultRedis({
      folder: env.folder,
      ...options.redis,
      ...(options.disk && { dataFolder: options.disk.folder }),
    });
    closing.push(redis.stop);
    const proxy = await startTcpProxy(redis.port);
    closing.push(proxy.close);
    const { refusals = true } = options;
    const shop = await Shop.open({
      folder: env.folder,
      url: proxy.url(redis.url),
      admin: redis.admin,
      quick: env.quick,
      refusals,
    });
    closing.push(() => shop.close());
    await Promise.all(Array.from({ length: options.workers ?? 2 }, () => shop.worker()));
    return await work({ shop, redis, proxy });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Submits all orders, and lets a fault strike when this share of them is paid; several shares, several strikes. */
export async function midLoad(
  env: FaultEnv,
  { shop }: ShopScene,
  shares: number | readonly number[],
  strike: () => Promise<void>,
  pace?: { readonly ahead: number },
): Promise<void> {
  const submitting = shop.submit(shop.client(), 0, env.runs, pace);
  submitting.catch(() => {});
  for (const share of [shares].flat()) {
    const paid = Math.max(1, Math.floor(env.runs * share));
    await until(() => shop.books.charges() >= paid, { limitMs: 120_000, what: `charge ${paid} of ${env.runs}` });
    await strike();
  }
  await submitting;
}

/** Somewhere in the middle of the load, by the seed. */
export function someShare({ random }: FaultEnv): number {
  return 0.2 + 0.4 * random();
}

export function audit(shop: Shop, options?: AuditOptions): Promise<Audit> {
  return shop.audit(END_LIMIT_MS, options);
}

export function report(
  shop: Shop,
  audited: Audit,
  more: Partial<Pick<FaultReport, 'counts' | 'faults' | 'violations' | 'notes'>> = {},
): FaultReport {
  const { faults = {}, violations = [], notes = [], counts = {} } = more;
  const idle = Object.entries(faults).filter(([, times]) => times === 0);
  return {
    accepted: [...shop.journal.keys()],
    counts: { ...audited.ends, refusals: shop.refusals, burnt: audited.burnt.length, ...counts },
    faults,
    violations: [...audited.violations, ...violations, ...idle.map(([name]) => `the fault "${name}" never struck`)],
    notes,
    orphans: audited.orphans,
  };
}

/** What an outage of Redis must not do: use up attempts of tasks. */
export function unburnt({ burnt }: Audit): readonly string[] {
  return burnt.map((attempt) => `an attempt was burnt: ${attempt}`);
}
