/** The end of a run, told to a program elsewhere: signed, until it is taken, whoever dies meanwhile. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startApi } from '../../../src/api/server.js';
import type { CallbackSettings } from '../../../src/callbacks.js';
import { switchyard } from '../../../src/engine/engine.js';
import { PermanentError } from '../../../src/errors.js';
import { redisKeys } from '../../../src/names.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { Logger } from '../../../src/ports.js';
import { openApi, type TestApi } from '../../support/api.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { useRedis } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, task } from '../../support/workflows.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty two bytes, yes').toString('base64')}`;

const job = defineFanOut({
  name: 'job',
  input: anyInput,
  branches: {
    only: {
      run: task('only', (input) => {
        if (input === 'badly') throw new PermanentError('as asked');
        return typeof input === 'number' ? 'x'.repeat(input) : 'done';
      }),
      with: (input) => input.how,
    },
  },
  aggregate: ({ only }) => (only.state === 'completed' ? only.output : null),
});

interface Told {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A program elsewhere: keeps what it is told, and answers as the path says. */
async function receiver() {
  const told: Told[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const path = request.url ?? '';
    told.push({ path, headers: request.headers, body });
    const id = request.headers['webhook-id'];
    const times = told.filter((one) => one.path === path).length;
    const timesOfId = told.filter((one) => one.path === path && one.headers['webhook-id'] === id).length;
    if (path === '/elsewhere') response.setHeader('location', '/taken');
    response.statusCode =
      {
        '/busy': times < 3 ? 503 : 204,
        '/flaky': timesOfId < 2 ? 503 : 204,
        '/gone': 410,
        '/never': 500,
        '/elsewhere': 302,
      }[path] ?? 204;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    told: (path: string) => told.filter((one) => one.path === path),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const callbacks = (allow: string): CallbackSettings => ({
  allow: [allow],
  secret: SECRET,
  attempts: 3,
  firstPause: 1,
  timeout: '5s',
});

let api: TestApi;
let elsewhere: Awaited<ReturnType<typeof receiver>>;
beforeAll(async () => {
  elsewhere = await receiver();
  api = await openApi([job], {
    engine: { callbacks: callbacks(elsewhere.url) },
    api: { callback: { url: `${elsewhere.url}/server` } },
  });
});
afterAll(async () => {
  await api.close();
  await elsewhere.close();
});

const Run = z.looseObject({ id: z.string(), callback: z.looseObject({ state: z.string() }).optional() });

async function started(path: string, input: object = {}) {
  const callback = { url: `${elsewhere.url}${path}` };
  const { status, body } = await api.post('/v1/runs?waitMs=10000', { workflow: 'job', input, callback });
  expect([status, body]).toEqual([200, expect.anything()]);
  return Run.parse(body).id;
}

async function callbackOf(id: string) {
  return Run.parse((await api.get(`/v1/runs/${id}`)).body).callback;
}

/** As one of its libraries checks it: signature, and that it is not old. */
function verified({ body, headers }: Told): unknown {
  return new Webhook(SECRET).verify(body, headers as Record<string, string>);
}

describe('a callback', () => {
  test('tells of the end, signed as Standard Webhooks has it, and is seen to be delivered', async () => {
    const id = await started('/taken?secret=1', { how: 'well' });
    await expect
      .poll(() => callbackOf(id))
      .toMatchObject({ state: 'delivered', attempts: 1, url: `${elsewhere.url}/taken` });
    const [told, ...more] = elsewhere.told('/taken?secret=1');
    expect(more).toEqual([]);
    if (!told) throw new Error('nothing was told');
    expect(verified(told)).toMatchObject({
      type: 'run.completed',
      timestamp: expect.stringMatching(/^\d{4}-/),
      data: { id, workflow: 'job', status: 'completed', output: 'done', input: { how: 'well' } },
    });
    expect(told.headers).toMatchObject({ 'webhook-id': `${id}.0`, 'content-type': 'application/json' });
    expect(() =>
      new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(
        told.body,
        told.headers as Record<string, string>,
      ),
    ).toThrow();
    expect(() => verified({ ...told, body: told.body.replace('completed', 'failed') })).toThrow();
  });

  test('is tried again until it is taken, each time under the same id', async () => {
    const id = await started('/busy', { how: 'badly' });
    await expect.poll(() => callbackOf(id)).toMatchObject({ state: 'delivered', attempts: 3 });
    const told = elsewhere.told('/busy');
    expect(told.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill(`${id}.0`));
    expect(told.map(verified)).toMatchObject(
      Array(3).fill({ type: 'run.failed', data: { error: { code: expect.any(String) } } }),
    );
  });

  test.each([
    ['/never', 3, 'answered 500'],
    ['/gone', 1, 'answered 410'],
    ['/elsewhere', 3, 'answered 302, and redirects are not followed'],
  ])('that %s takes is given up after %i attempts, and that is seen', async (path, attempts, error) => {
    const id = await started(path);
    await expect
      .poll(() => callbackOf(id), { timeout: 10_000 })
      .toMatchObject({
        state: 'failed',
        attempts,
        error: expect.stringContaining(error),
      });
    expect(elsewhere.told(path)).toHaveLength(attempts);
    expect(elsewhere.told('/taken')).toEqual([]);
    const board = await api.get('/admin/queues/api/queues?activeQueue=callbacks&status=failed&page=1&jobsPerPage=50');
    expect(JSON.stringify(board.body)).toContain(`${id}-~callback.0`);
  });

  test('tells of each end of a run that is retried in its place', async () => {
    const id = await started('/again', { how: 'badly' });
    await expect.poll(() => callbackOf(id)).toMatchObject({ state: 'delivered' });
    await api.post(`/v1/runs/${id}/retry?waitMs=10000`);
    await expect
      .poll(() => elsewhere.told('/again').map(({ headers }) => headers['webhook-id']))
      .toEqual([`${id}.0`, `${id}.1`]);
  });

  test('of a run whose result is very large tells that there is one', async () => {
    const id = await started('/large', { how: 200 * 1024 });
    await expect.poll(() => elsewhere.told('/large').length).toBe(1);
    const [told] = elsewhere.told('/large');
    expect(told && verified(told)).toMatchObject({ type: 'run.completed', data: { id, truncated: true } });
    expect(told?.body.length).toBeLessThan(10_000);
  });

  test('is that of the server, where a start names none', async () => {
    const { body } = await api.post('/v1/runs?waitMs=10000', { workflow: 'job', input: {} });
    const { id } = Run.parse(body);
    await expect.poll(() => elsewhere.told('/server').map(({ headers }) => headers['webhook-id'])).toContain(`${id}.0`);
  });

  test('goes nowhere else than is allowed: the start is refused, and nothing is written', async () => {
    for (const url of [
      'http://127.0.0.1:1/',
      'http://localhost/',
      elsewhere.url.replace('http:', 'https:'),
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      'gopher://127.0.0.1:6379/_FLUSHALL',
      elsewhere.url.replace('127.0.0.1', '127.0.0.1.evil.example'),
      elsewhere.url.replace('//', '//user:pw@'),
      `${elsewhere.url}@evil.example/`,
      'nonsense',
    ]) {
      const answer = await api.post('/v1/runs', { workflow: 'job', input: {}, callback: { url }, key: 'refused' });
      expect([url, answer]).toEqual([url, expect.objectContaining({ status: 422 })]);
      expect(answer.body).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path: 'callback.url' }] });
    }
    expect((await api.sy.start(job, {}, { key: 'refused' })).duplicate).toBe(false);
  });
});

test('has a queue that is listed with the others', async () => {
  const states = await api.sy.queues();
  expect(states.map(({ queue }) => queue)).toEqual(['runs', 'tasks', 'callbacks']);
});

test('outlives the process that took the start: whoever works when the run ends tells of it', async () => {
  const { url: connection, prefix } = useRedis();
  const settings = { connection, prefix, workflows: [job], logger: silentLog, callbacks: callbacks(elsewhere.url) };
  const producer = switchyard(settings);
  const server = await startApi({ sy: producer, connection, prefix, port: 0, log: silentLog });
  const answer = await fetch(`${server.url}/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ workflow: 'job', input: {}, callback: { url: `${elsewhere.url}/outlived` } }),
  });
  expect(answer.status).toBe(202);
  await server.close();
  await producer.close();
  // It ends where nobody tells of it,
  const { id } = Run.parse(await answer.json());
  const mute = switchyard(settings);
  const first = mute.workers({ queues: ['runs', 'tasks'] });
  await first.start();
  await mute.run(id).wait('10s');
  await first.stop();
  await mute.close();
  expect(elsewhere.told('/outlived')).toEqual([]);
  // and is told of by the next who works.
  const sy = switchyard(settings);
  const workers = sy.workers();
  onTestFinished(async () => {
    await workers.stop();
    await sy.close();
  });
  await workers.start();
  await expect.poll(() => elsewhere.told('/outlived').length, { timeout: 10_000 }).toBe(1);
});

describe('the end of a run is told', () => {
  const slow = () => ({ callbacks: { ...callbacks(elsewhere.url), firstPause: 400 } });
  const callback = () => ({ url: `${elsewhere.url}/flaky` });
  const attempts = (id: string) =>
    elsewhere.told('/flaky').filter(({ headers }) => headers['webhook-id'] === id).length;

  test('although its retention is over first, by an attempt that says the same', async () => {
    const { sy, redis, prefix } = await useWorkingEngine([job], { ...slow(), retention: { count: 1 } });
    const run = await sy.start(job, { how: 'well' }, { callback: callback() });
    await expect.poll(() => attempts(`${run.id}.0`)).toBe(1);
    await (await sy.start(job, {})).wait('10s');
    await expect(run.status()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
    await expect.poll(() => attempts(`${run.id}.0`), { timeout: 5_000 }).toBe(2);
    const told = elsewhere.told('/flaky').filter(({ headers }) => headers['webhook-id'] === `${run.id}.0`);
    const says = { type: 'run.completed', data: { id: run.id, status: 'completed', output: 'done' } };
    expect(told.map(verified)).toMatchObject([says, says]);
    expect(told[1]?.body).toBe(told[0]?.body);
    const keys = redisKeys(prefix);
    await expect.poll(() => redis.zcard(keys.untold)).toBe(0);
    // What was told is kept no longer than it takes to know that it was.
    expect(await redis.get(keys.told(run.id, 0))).toBe('delivered');
  });

  test('each of them, also when it is retried in its place before the first is taken', async () => {
    const { sy } = await useWorkingEngine([job], slow());
    const run = await sy.start(job, { how: 'badly' }, { callback: callback() });
    await expect.poll(() => attempts(`${run.id}.0`)).toBe(1);
    await run.retry();
    await expect.poll(() => [attempts(`${run.id}.0`), attempts(`${run.id}.1`)], { timeout: 5_000 }).toEqual([2, 2]);
    // How the latest stands is shown, whichever was told last.
    await expect.poll(async () => (await run.describe()).callback).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  test('no more once the run is erased, of which nothing is left', async () => {
    const { sy, redis, prefix } = await useWorkingEngine([job], {
      callbacks: { ...callbacks(elsewhere.url), firstPause: '1h' },
    });
    const run = await sy.start(job, { how: 'well' }, { callback: callback() });
    await expect.poll(() => attempts(`${run.id}.0`)).toBe(1);
    await expect.poll(async () => (await run.describe()).callback).toMatchObject({ state: 'retrying' });
    await run.erase();
    expect((await redis.keys(`${prefix}*`)).filter((key) => key.includes(run.id))).toEqual([]);
    expect(await redis.zcard(redisKeys(prefix).untold)).toBe(0);
  });

  test('or fails, and says so, where nothing is kept of it any more', async () => {
    const { url: connection, prefix, redis } = useRedis();
    const errors: unknown[] = [];
    const log: Logger = { ...silentLog, child: () => log, error: (...line) => errors.push(line) };
    const sy = switchyard({ connection, prefix, workflows: [job], logger: log, ...slow() });
    const ending = sy.workers({ queues: ['runs', 'tasks'] });
    await ending.start();
    const run = await sy.start(job, {}, { callback: callback() });
    await run.wait('10s');
    await ending.stop();
    const keys = redisKeys(prefix);
    await redis.del(keys.log(run.id), keys.told(run.id, 0));
    const workers = sy.workers();
    onTestFinished(async () => {
      await workers.stop();
      await sy.close();
    });
    await workers.start();
    await expect.poll(() => redis.zcard(keys.job('callbacks', 'failed'))).toBe(1);
    expect(JSON.stringify(errors)).toContain('nothing is kept of it any more');
    expect(attempts(`${run.id}.0`)).toBe(0);
  });

  test.each(['before it ends', 'once it has ended', 'once its retention is over'])(
    'although its job was removed by hand %s',
    async (when) => {
      const { sy, work, redis, prefix } = useEngine([job], slow());
      const keys = redisKeys(prefix);
      const obliterate = async () => {
        const queue = new Queue('callbacks', { connection: redis, prefix, skipMetasUpdate: true });
        await queue.obliterate({ force: true });
        await queue.close();
      };
      const run = await sy.start(job, { how: 'well' }, { callback: callback() });
      if (when === 'before it ends') {
        await obliterate();
        await work({ queues: ['runs'], reconcileMs: 100 });
        await expect.poll(() => redis.zcard(keys.job('callbacks', 'delayed'))).toBe(1);
      }
      await work({ queues: ['runs', 'tasks'], reconcileMs: 3_600_000 });
      await run.wait('10s');
      if (when !== 'before it ends') await obliterate();
      if (when === 'once its retention is over') await redis.del(keys.log(run.id));
      await redis.del(keys.reconciler);
      await work({ reconcileMs: 100 });
      await expect.poll(() => attempts(`${run.id}.0`), { timeout: 5_000 }).toBe(2);
      await expect.poll(() => redis.zcard(keys.untold)).toBe(0);
    },
  );
});

test('without any that are configured a start with a callback is refused, and says what to set', async () => {
  const { url: connection, prefix } = useRedis();
  const sy = switchyard({ connection, prefix, workflows: [job], logger: silentLog });
  onTestFinished(() => sy.close());
  await expect(sy.start(job, {}, { callback: { url: 'https://hooks.example.com/' } })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('callbacks.allow'),
  });
});
