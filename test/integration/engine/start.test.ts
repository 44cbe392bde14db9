import { expect, test } from 'vitest';
import { z } from 'zod';
import { SwitchyardError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { echo, task } from '../../support/workflows.js';

test('[P5] twenty starts at once with one key are one run', async () => {
  const engine = useEngine([echo]);
  const elsewhere = engine.other([echo]);
  const started = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? engine.sy : elsewhere).start(echo, { n: 1 }, { key: 'order-42' })),
  );
  expect(new Set(started.map((run) => run.id)).size).toBe(1);
  expect(started.filter((run) => !run.duplicate)).toHaveLength(1);
  expect((await engine.sy.list()).runs).toHaveLength(1);
});

test('[P5] a key that was used with another input is refused', async () => {
  const { sy } = useEngine([echo]);
  const first = await sy.start(echo, { n: 1 }, { key: 'k' });
  await expect(sy.start(echo, { n: 2 }, { key: 'k' })).rejects.toMatchObject({
    code: 'KEY_CONFLICT',
    message: expect.stringContaining(first.id),
  });
});

test('the order of keys in the input makes no other input', async () => {
  const { sy } = useEngine([echo]);
  const first = await sy.start(echo, { a: 1, b: { c: [1, 2], d: null } }, { key: 'k' });
  const second = await sy.start(echo, { b: { d: null, c: [1, 2] }, a: 1 }, { key: 'k' });
  expect(second).toMatchObject({ id: first.id, duplicate: true });
});

test('the same request is the same run, also where its schema fills in another value each time', async () => {
  let filled = 0;
  const flow = defineFanOut({
    name: 'filled',
    input: z.object({ n: z.number(), id: z.number().default(() => ++filled) }),
    branches: { only: { run: task('only'), with: (i) => i } },
    aggregate: () => null,
  });
  const { sy } = useEngine([flow]);
  const first = await sy.start(flow, { n: 1 }, { key: 'k' });
  expect(await sy.start(flow, { n: 1 }, { key: 'k' })).toMatchObject({ id: first.id, duplicate: true });
  expect(filled).toBe(2);
  await expect(sy.start(flow, { n: 2 }, { key: 'k' })).rejects.toMatchObject({ code: 'KEY_CONFLICT' });
  await expect(sy.start(flow, { n: 1, id: 1 }, { key: 'k' })).rejects.toMatchObject({ code: 'KEY_CONFLICT' });
});

test('two inputs that JSON cannot tell apart are two inputs', async () => {
  const flow = defineFanOut({
    name: 'mapped',
    input: z.map(z.string(), z.number()).transform((map) => Object.fromEntries(map)),
    branches: { only: { run: task('only'), with: (i) => i } },
    aggregate: () => null,
  });
  const { sy } = useEngine([flow]);
  await sy.start(flow, new Map([['a', 1]]), { key: 'k' });
  expect(await sy.start(flow, new Map([['a', 1]]), { key: 'k' })).toMatchObject({ duplicate: true });
  await expect(sy.start(flow, new Map([['a', 2]]), { key: 'k' })).rejects.toMatchObject({ code: 'KEY_CONFLICT' });
});

test('the same key in another workflow is another run', async () => {
  const other = defineFanOut({ ...echo, name: 'other', branches: { only: { run: task('echo'), with: (i) => i } } });
  const { sy } = useEngine([echo, other]);
  const [a, b] = [await sy.start(echo, {}, { key: 'k' }), await sy.start(other, {}, { key: 'k' })];
  expect(a.id).not.toBe(b.id);
  expect(b.duplicate).toBe(false);
});

test('a key that ended answers with the same run and its result', async () => {
  const { sy } = await useWorkingEngine([echo]);
  await (await sy.start(echo, { n: 1 }, { key: 'k' })).wait('10s');
  const again = await sy.start(echo, { n: 1 }, { key: 'k' });
  expect(again.duplicate).toBe(true);
  expect(await again.wait('10s')).toMatchObject({ status: 'completed', output: { n: 1 } });
});

test.each(['', 'x'.repeat(257)])('a key of an unusable length is refused', async (key) => {
  const { sy } = useEngine([echo]);
  await expect(sy.start(echo, {}, { key })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('an input that its schema refuses is refused with every path, and nothing is stored', async () => {
  const flow = defineFanOut({
    name: 'strict',
    input: z.object({ items: z.array(z.object({ quantity: z.number() })), name: z.string() }),
    branches: { only: { run: task('only'), with: (i) => i } },
    aggregate: () => null,
  });
  const { sy } = useEngine([flow]);
  const refused = await sy.start('strict', { items: [{ quantity: 'two' }] }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(SwitchyardError);
  expect(refused).toMatchObject({
    code: 'INVALID_INPUT',
    issues: [{ path: 'items.0.quantity' }, { path: 'name' }],
  });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('an input larger than a job may be is refused', async () => {
  const { sy } = useEngine([echo]);
  await expect(sy.start(echo, { text: 'x'.repeat(140_000) })).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test('an input that JSON cannot hold is refused, not half stored', async () => {
  const { sy } = useEngine([echo]);
  await expect(sy.start(echo, { n: 1n })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('a workflow may take no input at all', async () => {
  const flow = defineFanOut({
    name: 'tick',
    input: z.undefined(),
    branches: { only: { run: task('only', () => 'tock'), with: () => 1 } },
    aggregate: (r) => r.only,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, undefined);
  expect(await run.wait('3s')).toMatchObject({ status: 'completed', output: { output: 'tock' } });
});

test('what JSON would change shows at start, and not only at the worker', async () => {
  const flow = defineFanOut({
    name: 'dated',
    input: z.object({ on: z.coerce.date() }),
    branches: { only: { run: task('only'), with: (i) => i.on.getTime() } },
    aggregate: () => null,
  });
  const { sy } = useEngine([flow]);
  await expect(sy.start('dated', { on: '2026-01-01' })).rejects.toMatchObject({
    code: 'INVALID_DEFINITION',
    message: expect.stringMatching(/"dated".* a Date at "on".*z\.iso\.datetime\(\)/),
  });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('members that are undefined are dropped, and the run is accepted', async () => {
  const { sy } = await useWorkingEngine([echo]);
  const run = await sy.start(echo, { a: 1, b: undefined });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { a: 1 } });
});

test('an unknown workflow is refused, naming those that are known', async () => {
  const { sy } = useEngine([echo]);
  await expect(sy.start('ehco', {})).rejects.toMatchObject({
    code: 'UNKNOWN_WORKFLOW',
    message: expect.stringContaining('echo'),
  });
});

test('a definition that this Switchyard was not given is refused', async () => {
  const stranger = defineFanOut({ ...echo, branches: { only: { run: task('echo'), with: (i) => i } } });
  const { sy } = useEngine([echo]);
  await expect(sy.start(stranger, {})).rejects.toMatchObject({ code: 'UNKNOWN_WORKFLOW' });
});

test('an unknown run is said to be unknown', async () => {
  const { sy } = useEngine([echo]);
  await expect(sy.run('echo-0-tnothing').wait('1s')).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
});

test('a delayed run does not begin before its time, and is begun once', async () => {
  const { sy } = await useWorkingEngine([echo]);
  const run = await sy.start(echo, {}, { delay: '300ms' });
  expect(await run.wait(50)).toMatchObject({ status: 'queued' });
  const done = await run.wait('10s');
  expect(done).toMatchObject({ status: 'completed', timeline: [{ attempts: [{ n: 1 }] }] });
  expect(done.timeline[0]?.startedAt).toBeGreaterThanOrEqual(done.createdAt + 300);
});

test('runs of a higher priority are served first', async () => {
  const served: unknown[] = [];
  const flow = defineFanOut({
    name: 'ranked',
    input: z.object({ rank: z.string() }),
    branches: { only: { run: task('serve', (rank) => served.push(rank)), with: (i) => i.rank } },
    aggregate: () => null,
  });
  const engine = useEngine([flow]);
  const runs = [];
  for (const priority of ['LOW', 'CRITICAL', 'MEDIUM', 'HIGH'] as const) {
    runs.push(await engine.sy.start(flow, { rank: priority }, { priority }));
  }
  runs.push(await engine.sy.start(flow, { rank: 'unasked' }));
  await engine.work({ concurrency: 1 });
  await Promise.all(runs.map((run) => run.wait('10s')));
  expect(served).toEqual(['CRITICAL', 'HIGH', 'MEDIUM', 'unasked', 'LOW']);
});

test('an unknown priority is refused', async () => {
  const { sy } = useEngine([echo]);
  const priority = JSON.parse('"toString"');
  await expect(sy.start(echo, {}, { priority })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
