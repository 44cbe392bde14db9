/**
 * After a loss: is every effect named that stands without a run, and no other? What stands is read from the services' own
 * files, what is known from each run by itself; the finder is asked neither.
 */
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import { loadMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { switchyard } from '../../../src/engine/engine.js';
import { SwitchyardError } from '../../../src/errors.js';
import type { RunDocument } from '../../../src/orchestrators/timeline.js';
import type { FoundOrphan } from '../../../src/queues/find-orphans.js';
import { order } from '../../../src/workflows/order.js';
import { cuttableDisk } from '../../support/faults/fault-disk.js';
import { until } from '../../support/faults/until.js';
import { silentLog } from '../../support/silent-log.js';
import type { FaultEnv, FaultReport } from './fault.js';
import { audit, report, type ShopScene, withShop } from './with-shop.js';

const SERVERS = ['commerce', 'database'] as const;
const Row = z.object({ key: z.string(), undone: z.number() });

const CUTS = 6;

/**
 * The power goes right after a charge, again and again, while Redis syncs once a second: what it knew of that charge is
 * mostly not on the disk yet. Every effect that then stands without a run must be named, and no other.
 */
export async function effectsOrphaned(env: FaultEnv): Promise<FaultReport> {
  const disk = await cuttableDisk(env.folder, 'everysec');
  return await withShop(env, { redis: { fsync: 'everysec' }, disk }, async (scene) => {
    const { shop, redis } = scene;
    let cuts = 0;
    const batch = Math.ceil(env.runs / CUTS);
    for (let from = 0; from < env.runs; from += batch) {
      const to = Math.min(from + batch, env.runs);
      const wanted = shop.books.charges() + 1 + Math.floor(env.random() * 0.8 * (to - from));
      const submitting = shop.submit(shop.client(), from, to);
      submitting.catch(() => {});
      await until(() => shop.books.charges() >= wanted, { limitMs: 120_000, everyMs: 2, what: 'another charge' });
      redis.freeze();
      await disk.cut(redis.kill);
      await redis.start();
      cuts += 1;
      await submitting;
    }
    const audited = await audit(shop, { mayBeLost: true });
    const { orphans, violations } = await auditOrphans(scene);
    const kinds = orphans.map(({ kind }) => kind);
    const count = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
    return report(
      shop,
      // What became of a run that has lost its record is no part of this.
      { ...audited, violations: [] },
      {
        faults: { 'power loss': cuts, 'effects orphaned': orphans.length },
        counts: {
          lost: audited.lost.length,
          'no-run': count('no-run'),
          'not-recorded': count('not-recorded'),
          'left-standing': count('left-standing'),
        },
        violations,
        notes: disk.notes,
      },
    );
  });
}

export interface OrphanAudit {
  readonly orphans: readonly FoundOrphan[];
  /** Effects that should have been named and were not, or were and should not have been, as sentences. */
  readonly violations: readonly string[];
}

/** Once every run has ended. Undos are no effects of their own here: what they take back is. */
export async function auditOrphans({ shop, redis }: Pick<ShopScene, 'shop' | 'redis'>): Promise<OrphanAudit> {
  const tools = createToolPool({ config: await loadMcpConfig(join(shop.folder, 'mcp.json')) });
  const sy = switchyard({ connection: redis.url, prefix: shop.prefix, workflows: [order], tools, logger: silentLog });
  try {
    const { orphans } = await sy.orphans({ from: SERVERS.map((server) => `${server}.list_effects`) });
    const expected = new Set<string>();
    const runs = new Map<string, Promise<RunDocument | undefined>>();
    for (const { key, undone } of SERVERS.flatMap((server) => effectsIn(join(shop.folder, `${server}.db`)))) {
      const [id = '', stage = ''] = key.split('/');
      const run = runs.get(id) ?? described(sy, id);
      runs.set(id, run);
      if (isOrphan(await run, stage, undone === 1)) expected.add(key);
    }
    // A step that its run counts on was taken back: that is named by its undo.
    const named = new Set(orphans.map(({ key }) => key.replace(/\.undo\/1$/, '/1')));
    return {
      orphans,
      violations: [
        ...[...expected]
          .filter((key) => !named.has(key))
          .map((key) => `${key}: stands without a run, and is not named`),
        ...[...named]
          .filter((key) => !expected.has(key))
          .map((key) => `${key}: is named, and nothing is wrong with it`),
      ],
    };
  } finally {
    await sy.close();
    await tools.close();
  }
}

function isOrphan(run: RunDocument | undefined, stage: string, undone: boolean): boolean {
  if (stage.endsWith('.undo')) return false;
  if (!run) return !undone;
  return run.status === 'completed' ? undone : !undone;
}

function effectsIn(path: string): readonly z.infer<typeof Row>[] {
  const file = new Database(path);
  try {
    return z.array(Row).parse(file.prepare('SELECT key, undo_answer IS NOT NULL AS undone FROM effects').all());
  } finally {
    file.close();
  }
}

async function described(sy: ReturnType<typeof switchyard>, id: string): Promise<RunDocument | undefined> {
  try {
    return await sy.run(id).describe();
  } catch (error) {
    if (error instanceof SwitchyardError && error.code === 'UNKNOWN_RUN') return undefined;
    throw error;
  }
}
