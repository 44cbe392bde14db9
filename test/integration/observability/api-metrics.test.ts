/** What the API server tells Prometheus: how runs and queues stand in Redis. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { openApi, type TestApi } from '../../support/api.js';
import { useTracer } from '../../support/observability/tracer.js';
import { statusOf } from '../../support/status-of.js';
import { anyInput, echo, task } from '../../support/workflows.js';

const refuse = () => {
  throw new PermanentError('no');
};
const stuck = defineSaga({ name: 'stuck', input: anyInput })
  .step(
    'one',
    task('one', () => 1, { idempotent: true, queue: 'sagas' }),
    {
      with: () => ({}),
      undo: [task('undo-one', refuse, { idempotent: true, queue: 'sagas' }), () => ({})],
    },
  )
  .step('two', task('two', refuse, { idempotent: true, queue: 'sagas' }), { with: () => ({}) })
  .returns(() => null);

let api: TestApi;
beforeAll(async () => {
  api = await openApi([echo, stuck], { api: { token: 'secret-of-the-test' }, workers: { queues: ['runs', 'sagas'] } });
});
afterAll(() => api.close());

const metrics = async (): Promise<string> => String((await api.get('/metrics')).body);
const seriesIn = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );

test('runs by state, what waits for a person, and how long each queue has waited', async () => {
  for (const n of [1, 2, 3]) await api.sy.start(echo, { n }, n === 3 ? { priority: 'CRITICAL' } : {});
  await (await api.sy.start(stuck, {})).wait('10s');
  const text = await metrics();
  expect(text).toContain('switchyard_runs{workflow="echo",state="open"} 3');
  expect(text).toContain('switchyard_runs{workflow="stuck",state="compensation_stuck"} 1');
  expect(text).toContain('switchyard_runs_attention{workflow="stuck",kind="compensation_stuck"} 1');
  expect(text).toContain('switchyard_runs_attention{workflow="echo",kind="in_doubt"} 0');
  expect(text).toContain('switchyard_queue_jobs{queue="tasks",state="waiting"} 3');
  expect(text).toContain('switchyard_queue_jobs{queue="runs",state="waiting_children"} 4');
  expect(text).toContain('switchyard_queue_jobs{queue="attention",state="waiting"} 1');
  expect(text).toContain('switchyard_queue_oldest_waiting_seconds{queue="sagas"} 0');
  const waited = 'switchyard_queue_oldest_waiting_seconds{queue="tasks"}';
  const now = seriesIn(text, waited);
  expect(now).toBeGreaterThan(0);
  await expect.poll(async () => seriesIn(await metrics(), waited)).toBeGreaterThan(now);
  // What goes on with a run is put before older ones, and hides none.
  const queue = `${api.prefix}:tasks`;
  const [newest = '', score = ''] = await api.redis.zrevrange(`${queue}:prioritized`, 0, 0, 'WITHSCORES');
  await api.redis.zadd(`${queue}:prioritized`, Math.floor(Number(score) / 2 ** 32) * 2 ** 32, newest);
  const [critical = ''] = await api.redis.zrange(`${queue}:prioritized`, 0, '0');
  for (const job of [newest, critical]) await api.redis.hset(`${queue}:${job}`, 'timestamp', String(Date.now()));
  expect(seriesIn(await metrics(), waited)).toBeGreaterThan(now);
  expect(seriesIn(await metrics(), 'switchyard_oldest_run_seconds{workflow="echo",state="open"}')).toBeGreaterThan(0);
});

test('whoever has no token reads nothing of it', async () => {
  const { status } = await fetch(`${api.url}/metrics`);
  expect(status).toBe(401);
});

test('a scraper that has the token may call it by any address; nobody else may, and nothing else', async () => {
  const pod = '10.1.2.3:7420';
  const bearer = { authorization: 'Bearer secret-of-the-test' };
  const basic = { authorization: `Basic ${Buffer.from('x:secret-of-the-test').toString('base64')}` };
  expect(await statusOf(api.url, '/metrics', { host: pod, ...bearer })).toBe(200);
  for (const headers of [{}, basic, { authorization: 'Bearer secret' }, { ...bearer, origin: `http://${pod}` }])
    expect(await statusOf(api.url, '/metrics', { host: pod, ...headers })).toBe(403);
  for (const path of ['/v1/runs', '/admin/queues', '/metrics/', '/openapi.json'])
    expect([path, await statusOf(api.url, path, { host: pod, ...bearer })]).toEqual([path, 403]);
});

test('without a token nobody is known by another name', async () => {
  const open = await openApi([echo], { workers: false });
  onTestFinished(() => open.close());
  expect(await statusOf(open.url, '/metrics', { host: '10.1.2.3:7420', authorization: 'Bearer undefined' })).toBe(403);
});

test('counts every queue that a run may be in: of older versions too, and those that nobody serves', async () => {
  const version = (queue: string, number: number) =>
    defineFanOut({
      ...{ name: 'moved', version: number, input: anyInput },
      branches: { only: { run: task('only', undefined, { queue }), with: (input) => input } },
      aggregate: () => null,
    });
  const moved = await openApi([version('before', 1), version('after', 2)], { workers: false });
  onTestFinished(() => moved.close());
  const expected = ['runs', 'before', 'after', 'attention', 'signals', 'callbacks'];
  const text = String((await moved.get('/metrics')).body);
  const counted = [...text.matchAll(/^switchyard_queue_jobs\{queue="(.+)",state="active"\}/gm)].map(([, name]) => name);
  expect(counted).toEqual(expected);
  const board = z
    .object({ queues: z.array(z.object({ name: z.string() })) })
    .parse(await (await fetch(`${moved.url}/admin/queues/api/queues`)).json());
  expect(board.queues.map(({ name }) => name)).toEqual(expected);
});

test('a start goes on in the trace of its request', async () => {
  const spans = useTracer();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await api.post('/v1/runs', { workflow: 'echo', input: {} }, { traceparent });
  await api.post('/v1/runs', { workflow: 'echo', input: {} }, { traceparent: 'not one' });
  const starts = spans().filter(({ name }) => name === 'start echo');
  expect(starts.map((span) => span.parentSpanContext?.spanId)).toEqual(['b7ad6b7169203331', undefined]);
});
