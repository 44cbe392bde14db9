import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openTestRedis, redisUrl } from '../../support/redis.js';
import { place } from './cli-process.js';
import { ORDER, READY, runOf } from './shown.js';

describe('orphans', () => {
  it('ends with 4 and names each effect of a lost run, with 0 when there are none', { timeout: 60_000 }, async () => {
    const { run, start, env } = await place();
    const worker = await start(['worker'], READY);
    const ended = await run(['enqueue', 'order', '-', '--key', 'o', '--wait', '--json'], JSON.stringify(ORDER));
    const { id, status } = runOf(ended.out);
    expect(status).toBe('completed');
    worker.child.kill('SIGTERM');
    await worker.ended;
    const none = await run(['orphans']);
    expect(none).toMatchObject({ code: 0, err: '' });
    expect(none.out).toMatch(
      /^No effects without a run, of those looked through: 3 of commerce\.list_effects, 2 of database/,
    );

    const redis = openTestRedis();
    onTestFinished(() => redis.disconnect());
    expect(env.REDIS_URL).toBe(redisUrl());
    expect(await redis.del(...(await redis.keys(`*:log:${id}`)))).toBe(1);
    const some = await run(['orphans']);
    expect(some).toMatchObject({ code: 4, err: '' });
    expect(some.out).toMatch(
      new RegExp(`${id}/charge_payment/1 +commerce\\.charge_payment +no run\n    there is no run`),
    );
    expect(some.out).toContain('To do: submit the run again with its key');
    const told = await run(['orphans', '--json']);
    expect(told.code).toBe(4);
    const report = z.object({ orphans: z.array(z.object({ kind: z.literal('no-run'), run: z.literal(id) })) });
    expect(report.parse(JSON.parse(told.out)).orphans).toHaveLength(5);
    expect(JSON.parse(told.out)).toMatchObject({ unlisted: [], notJudged: 0 });
  });
});
