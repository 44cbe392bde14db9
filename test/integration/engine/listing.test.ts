import { expect, test } from 'vitest';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { anyInput, task } from '../../support/workflows.js';

const flow = (name: string) =>
  defineFanOut({
    name,
    input: anyInput,
    branches: {
      only: {
        run: task('only', (i) => {
          if (i === 'bad') throw new PermanentError('as asked');
          return i;
        }),
        with: (i) => i.want ?? 1,
      },
    },
    aggregate: (r) => r.only.state,
  });

const [tea, coffee] = [flow('tea'), flow('coffee')];

test('runs are listed newest first, by workflow and by status', async () => {
  const engine = useEngine([tea, coffee]);
  const { sy } = engine;
  const started = [
    await sy.start(tea, {}),
    await sy.start(tea, { want: 'bad' }),
    await sy.start(coffee, {}),
    await sy.start(coffee, { want: 'bad' }, { delay: '1h' }),
  ];
  const [plain, bad, other, later] = started.map((run) => run.id);
  await engine.work();
  await Promise.all(started.slice(0, 3).map((run) => run.wait('10s')));
  const ids = async (options: Parameters<typeof sy.list>[0]) => (await sy.list(options)).runs.map((run) => run.id);
  expect(new Set(await ids({}))).toEqual(new Set([plain, bad, other, later]));
  expect(new Set(await ids({ workflow: 'tea' }))).toEqual(new Set([plain, bad]));
  expect(new Set(await ids({ status: 'completed' }))).toEqual(new Set([plain, other]));
  expect(await ids({ status: 'failed' })).toEqual([bad]);
  expect(await ids({ status: 'open' })).toEqual([later]);
  expect(await ids({ workflow: 'tea', status: 'completed' })).toEqual([plain]);
  expect(await ids({ workflow: 'water' })).toEqual([]);
  expect((await sy.list({ status: 'failed' })).runs).toEqual([
    { id: bad, workflow: 'tea', status: 'failed', createdAt: expect.any(Number), finishedAt: expect.any(Number) },
  ]);
});

test('pages follow one another without a gap or a repetition', async () => {
  const { sy } = useEngine([tea]);
  const started = await Promise.all(Array.from({ length: 23 }, () => sy.start(tea, {})));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await sy.list({ limit: 5, ...(cursor !== undefined && { cursor }) });
    seen.push(...page.runs.map((run) => run.id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(seen).toHaveLength(23);
  expect(new Set(seen)).toEqual(new Set(started.map((run) => run.id)));
});

test('runs whose record is gone leave no hole in a page: those behind them are still listed', async () => {
  const { sy, redis, prefix } = useEngine([tea]);
  const runs = [];
  for (let i = 0; i < 6; i += 1) runs.push(await sy.start(tea, {}));
  const newestFirst = (await sy.list()).runs.map((run) => run.id);
  for (const gone of newestFirst.slice(1, 4)) await redis.del(`${prefix}:log:${gone}`);
  const first = await sy.list({ limit: 2 });
  expect(first.runs.map((run) => run.id)).toEqual([newestFirst[0], newestFirst[4]]);
  const second = await sy.list({ limit: 2, ...(first.cursor !== undefined && { cursor: first.cursor }) });
  expect(second).toMatchObject({ runs: [{ id: newestFirst[5] }] });
  expect(second.cursor).toBeUndefined();
});

test('a cursor that is none is refused', async () => {
  const { sy } = useEngine([tea]);
  await expect(sy.list({ cursor: 'page two' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('beyond the count that is kept, the oldest ended run goes: its log, its listing, and its key is free again', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([tea], { retention: { count: 2 } });
  const run = async (key: string) => {
    const started = await sy.start(tea, {}, { key });
    await started.wait('10s');
    return started;
  };
  const oldest = await run('a');
  await run('b');
  await run('c');
  expect((await sy.list()).runs).toHaveLength(2);
  expect(await redis.exists(`${prefix}:log:${oldest.id}`)).toBe(0);
  await expect(oldest.describe()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  const again = await sy.start(tea, { want: 'another' }, { key: 'a' });
  expect(again).toMatchObject({ id: oldest.id, duplicate: false });
  expect(await again.wait('5s')).toMatchObject({ status: 'completed', timeline: [{ state: 'completed' }] });
});

test('after the age that is kept, a key is free again, and nothing of the first run is taken for the second', async () => {
  const diary: unknown[] = [];
  const step = (name: string) => task(name, (i) => diary.push(`${name} ${i}`));
  const saga = defineSaga({ name: 'twice', input: anyInput })
    .step('one', step('one'), { with: ({ input }) => input.n })
    .step('two', step('two'), { with: ({ input }) => input.n })
    .returns((done) => done);
  const { sy, redis, prefix } = await useWorkingEngine([saga], { retention: { ageMs: 60_000 } });
  const first = await sy.start(saga, { n: 1 }, { key: 'k' });
  await first.wait('10s');
  expect(await redis.pttl(`${prefix}:log:${first.id}`)).toBeGreaterThan(50_000);
  // What the clock will do to the log in a minute. BullMQ drops its own old jobs only when others of the queue end.
  await redis.pexpire(`${prefix}:log:${first.id}`, 0);
  const second = await sy.start(saga, { n: 2 }, { key: 'k' });
  expect(await second.wait('5s')).toMatchObject({ status: 'completed', output: { one: 3, two: 4 } });
  expect(diary).toEqual(['one 1', 'two 1', 'one 2', 'two 2']);
});

test('a key that is free again is free although a job of the first run failed for good', async () => {
  const { sy, redis, prefix } = await useWorkingEngine([tea]);
  const first = await sy.start(tea, { want: 'bad' }, { key: 'k' });
  expect(await first.wait('10s')).toMatchObject({ status: 'failed' });
  await redis.del(`${prefix}:log:${first.id}`);
  const second = await sy.start(tea, {}, { key: 'k' });
  expect(await second.wait('5s')).toMatchObject({ status: 'completed', output: 'completed' });
});

test('a key is not free while its run is at work without a record: two roots of one run would fight', async () => {
  const { sy, redis, prefix } = useEngine([tea]);
  const first = await sy.start(tea, {}, { key: 'k' });
  await redis.del(`${prefix}:log:${first.id}`);
  await expect(sy.start(tea, {}, { key: 'k' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});

test('every key of ours is under the prefix', async () => {
  const { sy, prefix } = await useWorkingEngine([tea]);
  await (await sy.start(tea, {})).wait('10s');
  expect((await keysOf(prefix)).length).toBeGreaterThan(5);
});
