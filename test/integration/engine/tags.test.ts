import { expect, test } from 'vitest';
import { createRunIndex } from '../../../src/adapters/run-index.js';
import { createScriptRunner } from '../../../src/adapters/scripts.js';
import { redisKeys } from '../../../src/names.js';
import { sweepEnded } from '../../../src/queues/sweep-ended.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { echo } from '../../support/workflows.js';

const ids = async (page: Promise<{ readonly runs: readonly { readonly id: string }[] }>) =>
  (await page).runs.map(({ id }) => id);

test('runs are found again by a tag, with a workflow and a status if asked; a tag that nobody has finds none', async () => {
  const { sy, work } = useEngine([echo]);
  const ours = [];
  for (const n of [1, 2, 3]) ours.push(await sy.start(echo, { n }, { tags: { customer: '42', n: String(n) } }));
  await sy.start(echo, {}, { tags: { customer: '421' } });
  await sy.start(echo, {});
  const newestFirst = ours.map(({ id }) => id).reverse();
  expect(new Set(await ids(sy.list({ tag: 'customer=42' })))).toEqual(new Set(newestFirst));
  expect(await ids(sy.list({ tag: 'n=2' }))).toEqual([ours[1]?.id]);
  expect(await ids(sy.list({ tag: 'customer=4' }))).toEqual([]);
  await work();
  for (const run of ours) await run.wait('10s');
  const late = await sy.start(echo, {}, { tags: { customer: '42' }, delay: '1h' });
  expect(await ids(sy.list({ tag: 'customer=42', status: 'open' }))).toEqual([late.id]);
  expect(await ids(sy.list({ tag: 'customer=42', status: 'completed', workflow: 'echo' }))).toHaveLength(3);
  expect(await ids(sy.list({ tag: 'customer=42', workflow: 'other' }))).toEqual([]);
  expect(await ours[0]?.describe()).toMatchObject({ tags: { customer: '42', n: '1' } });
});

test('pages of tagged runs follow one another without a gap or a repetition, each for one script', async () => {
  const { sy, redis, prefix } = useEngine([echo]);
  const tags = { team: 'blue' };
  const started = await Promise.all(Array.from({ length: 23 }, () => sy.start(echo, {}, { tags })));
  await Promise.all(Array.from({ length: 5 }, () => sy.start(echo, {})));
  const scripts = createScriptRunner(redis);
  let reads = 0;
  const index = createRunIndex(
    {
      run: (...args) => {
        reads += 1;
        return scripts.run(...args);
      },
    },
    redisKeys(prefix),
  );
  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await index.list({ tag: 'team=blue', limit: 5, ...(cursor !== undefined && { cursor }) });
    seen.push(...page.runs.map((run) => run.id));
    cursor = page.cursor;
    pages += 1;
  } while (cursor !== undefined);
  expect([pages, reads]).toEqual([5, 5]);
  expect([seen.length, new Set(seen)]).toEqual([23, new Set(started.map((run) => run.id))]);
});

test.each([
  [{ 'not a name': 'x' }, 'has no name'],
  [{ '~tags': 'x' }, 'has no name'],
  [{ customer: '' }, 'has no value'],
  [{ customer: 'a\nb' }, 'has no value'],
  [{ customer: 'x'.repeat(65) }, 'has no value'],
  [Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`t${n}`, 'x'])), '9 tags'],
])('tags %j are refused before anything is written', async (tags, why) => {
  const { sy, prefix } = useEngine([echo]);
  await sy.ready();
  const before = await keysOf(prefix);
  await expect(sy.start(echo, {}, { tags })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining(why),
  });
  expect(await keysOf(prefix)).toEqual(before);
  await expect(sy.list({ tag: 'customer' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('with a run that is dropped for its number its tags go, and nothing of them stays in Redis', async () => {
  const { sy, prefix } = await useWorkingEngine([echo], { retention: { count: 1 } });
  const first = await sy.start(echo, {}, { tags: { customer: 'canary-7' } });
  await first.wait('10s');
  expect((await keysOf(prefix)).join()).toContain('canary-7');
  await (await sy.start(echo, {})).wait('10s');
  await expect.poll(async () => (await keysOf(prefix)).join()).not.toContain('canary-7');
});

test('with a run whose age is over its tags go, although no other run of its workflow ever ends', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  const run = await sy.start(echo, {}, { tags: { customer: 'canary-8' }, key: 'k' });
  await run.wait('10s');
  const keys = redisKeys(prefix);
  const inAWeek = { now: () => Date.now() + 8 * 86_400_000 };
  const deps = { scripts: createScriptRunner(redis), keys, retention: { ageMs: 7 * 86_400_000, count: 10 } };
  expect(await sweepEnded({ ...deps, clock: { now: () => Date.now() } }, ['echo'])).toBe(0);
  expect(await sweepEnded({ ...deps, clock: inAWeek }, ['other', 'echo'])).toBe(1);
  expect((await keysOf(prefix)).join()).not.toContain('canary-8');
  expect(await redis.exists(keys.tags, keys.log(run.id))).toBe(0);
  expect((await sy.list()).runs).toEqual([]);
});

test('the second run of a key is not dropped with the first, whose age was over and which stood in the index still', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([echo]);
  const first = await sy.start(echo, {}, { key: 'k', tags: { customer: '1' } });
  await first.wait('10s');
  const keys = redisKeys(prefix);
  await redis.del(keys.log(first.id));
  await redis.zadd(keys.index('echo', 'ended'), 1, first.id);
  const second = await sy.start(echo, {}, { key: 'k', delay: '1h' });
  await (await sy.start(echo, {})).wait('10s');
  expect(await second.status()).toBe('queued');
  expect(await ids(sy.list({ tag: 'customer=1' }))).toEqual([]);
});
