/** What the HTTP API does with those who mean no good, or do not know how: one Switchyard, and a server for each set-up. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { AuthorizedRequest } from '../../../src/api/index.js';
import { type ApiOptions, startApi } from '../../../src/api/server.js';
import { SwitchyardError } from '../../../src/errors.js';
import { openApi, type TestApi } from '../../support/api.js';
import { openEvents } from '../../support/event-source.js';
import { keysOf, redisUrl } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { echo } from '../../support/workflows.js';

let api: TestApi;
beforeAll(async () => {
  api = await openApi([echo]);
});
afterAll(() => api.close());

/** Another server on the same Switchyard. */
async function another(options: Partial<ApiOptions>) {
  const { sy, prefix } = api;
  const server = await startApi({ sy, prefix, connection: redisUrl(), port: 0, log: silentLog, ...options });
  onTestFinished(() => server.close());
  return server.url;
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const problem = (status: number, code: string) => ({ status, body: { status, code, instance: expect.any(String) } });

/** `fetch` chooses the Host header, and tidies paths, itself. */
function raw(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const { hostname, port } = new URL(url);
  const { method = 'GET', headers = {}, body } = options;
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.once('end', () =>
        resolve({ status: response.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text }),
      );
    });
    sent.once('error', reject).end(body);
  });
}

describe('a request', () => {
  test.each([
    ['no JSON', '{"workflow":', 400, 'INVALID_REQUEST'],
    ['nothing at all', '', 400, 'INVALID_REQUEST'],
    ['a list', '[]', 422, 'INVALID_INPUT'],
    ['null', 'null', 422, 'INVALID_INPUT'],
    [
      'a key that would change every object',
      '{"workflow":"echo","input":{"__proto__":{"admin":true}}}',
      400,
      'INVALID_REQUEST',
    ],
    ['such a key beside the others', '{"__proto__":{"workflow":"echo"},"input":{}}', 400, 'INVALID_REQUEST'],
    [
      'the same by way of its constructor',
      '{"workflow":"echo","input":{"constructor":{"prototype":{"admin":true}}}}',
      400,
      'INVALID_REQUEST',
    ],
    ['the name of what every object has', '{"workflow":"constructor","input":{}}', 404, 'UNKNOWN_WORKFLOW'],
    [
      'more than may be sent',
      JSON.stringify({ workflow: 'echo', input: { much: 'x'.repeat(300 * 1024) } }),
      413,
      'TOO_LARGE',
    ],
    [
      'more than a run may have',
      JSON.stringify({ workflow: 'echo', input: { much: 'x'.repeat(200 * 1024) } }),
      413,
      'TOO_LARGE',
    ],
  ])('with %s is refused with its code', async (_what, body, status, code) => {
    expect(await api.post('/v1/runs', body)).toMatchObject(problem(status, code));
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'whose body is said to be "%s" starts nothing: a form of another page could send it',
    async (type) => {
      const answer = await raw(api.url, '/v1/runs', {
        method: 'POST',
        headers: type === '' ? {} : { 'content-type': type },
        body: '{"workflow":"echo","input":{}}',
      });
      expect(answer).toMatchObject(problem(415, 'UNSUPPORTED_MEDIA_TYPE'));
    },
  );

  test('by another name, or from a page of another, is refused: also one that only looks', async () => {
    const { port } = new URL(api.url);
    const runs = async () => (await keysOf(api.prefix)).filter((key) => key.includes(':log:'));
    const before = await runs();
    for (const headers of [
      { host: `rebound.example:${port}` },
      { host: `localhost:${port}`, origin: 'http://evil.example' },
      { host: `localhost:${port}`, origin: 'null' },
    ] as Record<string, string>[]) {
      for (const [method, path] of [
        ['POST', '/v1/runs'],
        ['GET', '/v1/runs'],
        ['GET', '/openapi.json'],
        ['GET', '/v1/events'],
        ['GET', '/docs'],
      ] as const) {
        const body = method === 'POST' ? '{"workflow":"echo","input":{}}' : '';
        const sent = { method, headers: { ...headers, ...JSON_HEADERS }, body };
        expect(await raw(api.url, path, sent)).toMatchObject(problem(403, 'FORBIDDEN'));
      }
    }
    expect(await runs()).toEqual(before);
  });

  test('for what is not there says so, and tells apart what is there by another method', async () => {
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/runs/',
      '/v2/runs',
      '/v1/runs/a/b/c',
      '/v1/runs/..%2f..%2fetc',
      '/%00',
      '/v1/runs/%',
      `/v1/runs/${'x'.repeat(300)}`,
    ]) {
      const { status } = await raw(api.url, path);
      expect([path, status]).toEqual([path, expect.toBeOneOf([400, 404, 414, 422])]);
    }
    for (const id of ['__proto__', 'constructor', 'toString', '*', '%2A', '{sy0}', 'a%00b', 'x'.repeat(200)])
      expect(await api.get(`/v1/runs/${id}`)).toMatchObject(problem(404, 'UNKNOWN_RUN'));
    expect(await raw(api.url, '/', { method: 'DELETE' })).toMatchObject(problem(405, 'METHOD_NOT_ALLOWED'));
    for (const [method, path, headers, allow] of [
      ['PATCH', '/v1/runs', JSON_HEADERS, 'GET, HEAD, POST'],
      ['PUT', '/v1/ru%6es', {}, 'GET, HEAD, POST'],
      ['DELETE', '/v1/counts', {}, 'GET, HEAD'],
      ['GET', '/v1/runs/nobody/cancel', {}, 'POST'],
      ['HEAD', '/v1/runs/nobody/cancel', {}, 'POST'],
      ['POST', '/v1/runs/nobody', JSON_HEADERS, 'DELETE, GET, HEAD'],
    ] as const) {
      const answer = await fetch(`${api.url}${path}`, { method, headers });
      expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow]);
      if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    }
    expect(await raw(api.url, '/v1/nothing', { method: 'PATCH', headers: JSON_HEADERS, body: '{}' })).toMatchObject(
      problem(404, 'NOT_FOUND'),
    );
  });

  test('has an id of its own, or its sender’s where that is sane', async () => {
    const idFor = async (given: string) => {
      const answer = await api.get('/v1/runs/nobody', given === '' ? {} : { 'x-request-id': given });
      expect(answer.body).toMatchObject({ instance: answer.headers.get('x-request-id') });
      return answer.headers.get('x-request-id');
    };
    expect(await idFor('order-42.a_b')).toBe('order-42.a_b');
    for (const given of ['', 'with space', 'x'.repeat(129), '"><script>', '../../etc', '-rf'])
      expect(await idFor(given)).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('that never comes to its end is broken off', async () => {
    const { port } = new URL(await another({ requestTimeoutMs: 200 }));
    const socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const closed = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.once('close', () => resolve(text));
    });
    socket.write('POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n');
    expect(await closed).toMatch(/^HTTP\/1\.1 408 [\s\S]*INVALID_REQUEST/);
  });
});

test('every answer tells a browser to run, frame, sniff and keep nothing, and of us only what it must know', async () => {
  for (const path of ['/v1/runs', '/v1/runs/nobody', '/nothing', '/openapi.json']) {
    const { headers } = await api.get(path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(headers.get('server') ?? headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('what goes wrong inside is not told outside', async () => {
  const url = await another({
    authorize: () => {
      throw new Error('postgres://admin:hunter2@db');
    },
  });
  const answer = await (await fetch(`${url}/v1/runs`)).json();
  expect(answer).toMatchObject({ status: 500, code: 'INTERNAL', detail: expect.stringContaining('log') });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
});

describe('who may do what', () => {
  test('is asked of one hook, which knows the route, the run and the workflow', async () => {
    const asked: AuthorizedRequest[] = [];
    const url = await another({
      host: '0.0.0.0',
      authorize(about) {
        asked.push(about);
        if (about.headers['x-user'] === 'mallory') throw new SwitchyardError('UNAUTHORIZED', 'log in first');
        return about.method === 'GET' || about.workflow === 'echo' ? { by: 'ada' } : about.run !== undefined;
      },
    });
    const post = (path: string, body: object, headers = {}) =>
      fetch(`${url}${path}`, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });
    const run = z
      .object({ id: z.string() })
      .parse(await (await post('/v1/runs', { workflow: 'echo', input: {}, delayMs: 60_000 })).json());
    expect((await post('/v1/runs', { workflow: 'other', input: {} })).status).toBe(403);
    expect((await post('/v1/runs', { workflow: 'echo', input: {} }, { 'x-user': 'mallory' })).status).toBe(401);
    expect((await fetch(`${url}/v1/runs/${run.id}/timeline`)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(asked.map(({ method, route, run: id, workflow }) => [method, route, id, workflow])).toEqual([
      ['POST', '/v1/runs', undefined, 'echo'],
      ['POST', '/v1/runs', undefined, 'other'],
      ['POST', '/v1/runs', undefined, 'echo'],
      ['GET', '/v1/runs/:id/timeline', run.id, 'echo'],
    ]);
    await api.sy.run(run.id).cancel();
  });

  test('and whom it names has said what is said', async () => {
    const url = await another({ authorize: () => ({ by: 'ada' }) });
    const run = await api.sy.start(echo, {}, { delay: '1h' });
    const cancelled = await fetch(`${url}/v1/runs/${run.id}/cancel`, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: '{}',
    });
    expect(await cancelled.json()).toMatchObject({ stop: { by: 'ada' } });
  });

  test('is nobody without the token; the page that asks for it is there all the same, and shows nothing', async () => {
    const ui = await mkdtemp(join(tmpdir(), 'switchyard-ui-'));
    onTestFinished(() => rm(ui, { recursive: true }));
    await writeFile(join(ui, 'index.html'), '<title>Switchyard</title>');
    await writeFile(join(ui, 'main.js'), 'start();');
    const url = await another({ token: 's3cret', ui });
    for (const path of [
      '/v1/runs',
      '/v1/workflows',
      '/v1/events',
      '/v1/runs/x/events',
      '/openapi.json',
      '/docs',
      '/docs/json',
      '/admin/queues',
      '/nothing',
    ]) {
      const refused = await fetch(`${url}${path}`);
      expect([path, refused.status]).toEqual([path, 401]);
      // A browser would ask for the password in the middle of a page that asks for it itself.
      expect(refused.headers.get('www-authenticate')).toMatch(path.startsWith('/v1/') ? /^Bearer/ : /^Basic/);
      const basic = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
      for (const authorization of ['Bearer s3cret', basic]) {
        const answer = await fetch(`${url}${path}`, { headers: { authorization } });
        expect([path, answer.status]).toEqual([path, expect.not.toBeOneOf([401, 403, 500])]);
        await answer.body?.cancel();
      }
    }
    for (const path of ['/', '/runs/some-id', '/start/echo', '/ui/main.js']) {
      const page = await fetch(`${url}${path}`);
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await page.text()).toBe(path === '/ui/main.js' ? 'start();' : '<title>Switchyard</title>');
    }
    // Beside the folder that is served: whoever gets out of it has this.
    await writeFile(join(ui, '..', `${basename(ui)}.txt`), 'outside');
    onTestFinished(() => rm(join(ui, '..', `${basename(ui)}.txt`)));
    const outside = `${basename(ui)}.txt`;
    for (const path of [
      `/ui/../${outside}`,
      `/ui/..%2f${outside}`,
      `/ui/%2e%2e/${outside}`,
      `/ui/%2e%2e%2f${outside}`,
      `/ui/..%5c${outside}`,
      `/ui//..//${outside}`,
      `/ui/./../${outside}`,
      `/ui/${encodeURIComponent(join(ui, '..', outside))}`,
      '/ui/',
      '/ui/none.js',
      '/ui/main.js%00.txt',
    ])
      expect([path, await raw(url, path)]).toEqual([
        path,
        { status: expect.toBeOneOf([400, 401, 403, 404]), body: expect.not.stringContaining('outside') },
      ]);
    // What looks like a path there is a run's id, which only the page reads.
    expect(await raw(url, `/runs/..%2f${outside}%00`)).toEqual({ status: 200, body: '<title>Switchyard</title>' });
  });

  test('with `readOnly` is nobody, whatever they know', async () => {
    const url = await another({ readOnly: true, token: 't' });
    const run = await api.sy.start(echo, {}, { delay: '1h' });
    const headers = { ...JSON_HEADERS, authorization: 'Bearer t' };
    for (const path of ['/v1/runs', `/v1/runs/${run.id}/cancel`])
      expect(
        (await fetch(`${url}${path}`, { method: 'POST', headers, body: '{"workflow":"echo","input":{}}' })).status,
      ).toBe(405);
    expect((await fetch(`${url}/v1/runs/${run.id}`, { headers })).status).toBe(200);
  });

  test('with `payloads: redacted` sees of inputs and outputs fields and sizes', async () => {
    const url = await another({ payloads: 'redacted' });
    const run = await api.sy.start(echo, { name: 'Ada' });
    await run.wait('10s');
    for (const path of [
      '',
      '?timeline=none',
      '/payload?of=input',
      '/payload?of=output',
      '/payload?of=stage&stage=only',
      '/timeline',
    ])
      expect(await (await fetch(`${url}/v1/runs/${run.id}${path}`)).text()).not.toContain('Ada');
    expect(await (await fetch(`${url}/v1/runs/${run.id}`)).json()).toMatchObject({
      input: { name: '[redacted, 5 bytes]' },
    });
    expect((await fetch(`${url}/v1/runs/${run.id}/payload?of=input&reveal=true`)).status).toBe(403);
  });

  test('and no more than that where a field of theirs has the name of one of ours', async () => {
    const names = 'v run workflow version kind stage timer after attempt startedAt finishedAt status'.split(' ');
    const input = Object.fromEntries(names.map((name, at) => [name, at % 2 ? 700_700 + at : 'ada@example.com']));
    const run = await api.sy.start(echo, input);
    await run.wait('10s');
    const url = await another({ payloads: 'redacted' });
    const of = ['input', 'output', 'stage&stage=only'].map((what) => `/payload?of=${what}`);
    for (const [server, paths] of [
      [url, ['', '?timeline=none', ...of]],
      [api.url, of],
    ] as const)
      for (const path of paths) {
        const text = await (await fetch(`${server}/v1/runs/${run.id}${path}`)).text();
        expect([path, /ada@example|7007/.test(text), text.includes('finishedAt')]).toEqual([path, false, true]);
      }
  });
});

test('who asks too often is told when to come back, and probes are not counted', async () => {
  const url = await another({ rateLimit: { max: 3, windowMs: 60_000 }, token: 't' });
  const statuses: number[] = [];
  // Wrong tokens count: they must not be tried at leisure.
  for (let i = 0; i < 5; i += 1)
    statuses.push((await fetch(`${url}/v1/workflows`, { headers: { authorization: `Bearer ${i}` } })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  const refused = await fetch(`${url}/v1/workflows`);
  expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('who holds more streams open than one address may is told so, and has a place again when one is closed', async () => {
  const url = await another({ maxStreams: 2 });
  const run = await api.sy.start(echo, {}, { delay: '1h' });
  const first = await openEvents(`${url}/v1/events`);
  const second = await openEvents(`${url}/v1/runs/${run.id}/events`);
  // Neither takes a place: one has no body, the other never became a stream.
  expect((await fetch(`${url}/v1/events`, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${url}/v1/runs/nobody/events`)).status).not.toBe(200);
  const refused = await fetch(`${url}/v1/events`);
  expect(await refused.json()).toMatchObject({
    status: 429,
    code: 'RATE_LIMITED',
    detail: expect.stringContaining('2'),
  });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  first.close();
  await expect
    .poll(async () => {
      const answer = await fetch(`${url}/v1/events`);
      await answer.body?.cancel();
      return answer.status;
    })
    .toBe(200);
  second.close();
  await run.cancel();
});

test('an address for all callbacks to which none may go is found at start', async () => {
  await expect(another({ callback: { url: 'https://hooks.example.com/' } })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringMatching(/api\.callback.*callbacks\.allow/),
  });
});

test('a server that closes ends what is watched and answers who waits, at once', async () => {
  const { sy, prefix } = api;
  const server = await startApi({ sy, prefix, connection: redisUrl(), port: 0, log: silentLog });
  const run = await sy.start(echo, {}, { delay: '1h' });
  const events = await openEvents(`${server.url}/v1/runs/${run.id}/events`);
  await events.next('run');
  const waiting = fetch(`${server.url}/v1/runs/${run.id}?waitMs=30000`);
  await expect.poll(async () => String(await api.redis.client('LIST')).includes('xread')).toBe(true);
  const begun = Date.now();
  await server.close();
  expect(Date.now() - begun).toBeLessThan(4_000);
  expect(await events.ended).toBe('ended');
  expect(await (await waiting).json()).toMatchObject({ id: run.id, status: 'queued' });
  await run.cancel();
});

test('the documents: OpenAPI 3.1, and a page to browse them that asks nobody else', async () => {
  expect((await api.get('/openapi.json')).body).toMatchObject({ openapi: '3.1.0', info: { title: 'Switchyard' } });
  const page = await fetch(`${api.url}/docs`);
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  const csp = page.headers.get('content-security-policy') ?? '';
  expect(csp).toContain("script-src 'self';");
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, path = '']) => new URL(path, `${api.url}/docs/`),
  );
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) expect([asset.href, (await fetch(asset)).status]).toEqual([asset.href, 200]);
});
