/** Who may do what: the hook knows what a request is about however it is written, and whom it names has said what is said. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AuthorizedRequest } from '../../../src/api/index.js';
import { type ApiOptions, startApi } from '../../../src/api/server.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { Logger } from '../../../src/ports.js';
import { signal } from '../../../src/wait-task.js';
import { openApi, type TestApi } from '../../support/api.js';
import { keysOf, redisUrl } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { anyInput, echo } from '../../support/workflows.js';

const order = defineSaga({ name: 'order', input: anyInput })
  .step('told', signal({ name: 'told', output: anyInput }), { with: () => ({}) })
  .returns((done) => done.told);

let api: TestApi;
beforeAll(async () => {
  api = await openApi([echo, order]);
});
afterAll(() => api.close());

async function another(options: Partial<ApiOptions>): Promise<string> {
  const { sy, prefix } = api;
  const server = await startApi({ sy, prefix, connection: redisUrl(), port: 0, log: silentLog, ...options });
  onTestFinished(() => server.close());
  return server.url;
}

/** `fetch` tidies paths, and never sends a whole address. */
function send(
  url: string,
  method: string,
  path: string,
  body: object = {},
): Promise<{ status: number; body: unknown }> {
  const { hostname, port } = new URL(url);
  const headers = method === 'GET' || method === 'DELETE' ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.once('error', reject).end('content-type' in headers ? JSON.stringify(body) : undefined);
  });
}

describe('whoever may not drive a workflow', () => {
  const nightly = { workflow: 'order', everyMs: 3_600_000 };
  /** The hook as docs/http.md has it. */
  const notTheOrder = ({ workflow }: AuthorizedRequest) => workflow !== 'order';

  async function standing() {
    const runs = (await keysOf(api.prefix)).filter((key) => key.includes(':log:'));
    const schedules = (await api.sy.schedules.list()).map(({ name, workflow, paused }) => [name, workflow, paused]);
    return { runs, schedules, paused: await api.sy.paused() };
  }

  test.each([
    ['POST', '/v1/runs', { workflow: 'order', input: {} }],
    ['POST', '/v1/ru%6es', { workflow: 'order', input: {} }],
    ['POST', '/v1/%72uns?waitMs=1', { workflow: 'order', input: {} }],
    ['POST', 'http://localhost/v1/runs', { workflow: 'order', input: {} }],
    ['PUT', '/v1/schedules/mine', nightly],
    ['PUT', '/v1/sch%65dules/mine', nightly],
    ['PUT', '/v1/schedules/nightly', { ...nightly, workflow: 'echo' }],
    ['POST', '/v1/schedules/nightly/pause', {}],
    ['POST', '/v1/schedules/nightl%79/resume', {}],
    ['DELETE', '/v1/schedules/nightly', {}],
    ['POST', '/v1/pause', { workflow: 'order' }],
    ['POST', '/v1/unpaus%65', { workflow: 'order' }],
  ])('does not by %s %s either', async (method, path, body) => {
    await api.sy.schedules.upsert('nightly', { workflow: 'order', every: '1h' });
    const url = await another({ authorize: notTheOrder });
    const before = await standing();
    expect(await send(url, method, path, body)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await standing()).toEqual(before);
  });

  test('does not with a run that somebody else has started, and does with others', async () => {
    const url = await another({ authorize: notTheOrder });
    const theirs = await api.sy.start(order, {});
    const { id } = await api.sy.start(echo, {}, { delay: '1h' });
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/timeline'],
      ['POST', '/cancel'],
      ['POST', '/retry'],
      ['DELETE', ''],
    ] as const)
      expect([path, await send(url, method, `/v1/runs/${theirs.id}${path}`)]).toMatchObject([path, { status: 403 }]);
    expect(await send(url, 'POST', `/v1/runs/${id}/cancel`)).toMatchObject({ status: 200 });
    expect(await send(url, 'PUT', '/v1/schedules/mine', { ...nightly, workflow: 'echo' })).toMatchObject({
      status: 200,
    });
    expect(await send(url, 'DELETE', '/v1/schedules/mine')).toMatchObject({ status: 200 });
    await theirs.cancel();
  });

  test('is told apart by the route, the run, the schedule and the workflow', async () => {
    await api.sy.schedules.upsert('nightly', { workflow: 'order', every: '1h' });
    const asked: unknown[] = [];
    const url = await another({
      authorize({ method, route, run, schedule, workflow }) {
        asked.push([method, route, run, schedule, workflow]);
        return false;
      },
    });
    await send(url, 'POST', '/v1/schedules/nightly/pause');
    await send(url, 'DELETE', '/v1/schedules/none');
    await send(url, 'POST', '/v1/pause', { queue: 'tasks' });
    await send(url, 'GET', '/v1/runs/order-0-k123');
    await send(url, 'GET', '/v1/runs/none');
    expect(asked).toEqual([
      ['POST', '/v1/schedules/:name/pause', undefined, 'nightly', 'order'],
      ['DELETE', '/v1/schedules/:name', undefined, 'none', undefined],
      ['POST', '/v1/pause', undefined, undefined, undefined],
      ['GET', '/v1/runs/:id', 'order-0-k123', undefined, 'order'],
      ['GET', '/v1/runs/:id', 'none', undefined, undefined],
    ]);
  });
});

describe('whoever says a thing', () => {
  const mallory = { by: 'ada', reason: 'as agreed' };

  test('is whom the hook names, whatever the body says; in the log too', async () => {
    const lines: object[] = [];
    const log: Logger = { ...silentLog, info: (fields) => void lines.push(fields), child: () => log };
    const url = await another({ authorize: () => ({ by: 'mallory' }), log });
    const run = await api.sy.start(order, {});
    await send(url, 'POST', `/v1/runs/${run.id}/signal`, { stage: 'told', value: {}, by: 'ada' });
    expect(lines).toContainEqual(expect.objectContaining({ run: run.id, action: 'signal', by: 'mallory' }));
    const waits = await api.sy.start(order, {}, { delay: '1h' });
    expect(await send(url, 'POST', `/v1/runs/${waits.id}/cancel`, mallory)).toMatchObject({
      body: { stop: { by: 'mallory', reason: 'as agreed' } },
    });
    expect(await send(url, 'POST', '/v1/pause', { workflow: 'order', ...mallory })).toMatchObject({
      body: { workflows: [{ by: 'mallory', reason: 'as agreed' }] },
    });
    await send(url, 'POST', '/v1/unpause', { workflow: 'order', ...mallory });
    await api.sy.schedules.upsert('nightly', { workflow: 'order', every: '1h' });
    expect(await send(url, 'POST', '/v1/schedules/nightly/pause', mallory)).toMatchObject({
      body: { paused: { by: 'mallory', reason: 'as agreed' } },
    });
    await waits.wait('10s');
    await send(url, 'DELETE', `/v1/runs/${waits.id}`);
    // What is kept with no record is in the log, by the route and whom it was.
    for (const route of ['/v1/unpause', '/v1/schedules/:name/pause', '/v1/runs/:id'])
      expect(lines).toContainEqual(expect.objectContaining({ route, by: 'mallory' }));
    expect(lines).toContainEqual(expect.objectContaining({ run: waits.id, action: 'erase', by: 'mallory' }));
    expect(JSON.stringify(lines)).not.toContain('ada');
  });

  test('is whom the body names where the hook names nobody', async () => {
    const url = await another({ authorize: () => true });
    const run = await api.sy.start(order, {}, { delay: '1h' });
    expect(await send(url, 'POST', `/v1/runs/${run.id}/cancel`, mallory)).toMatchObject({
      body: { stop: { by: 'ada' } },
    });
  });
});
