import { once } from 'node:events';
import { existsSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { readLedger } from '../../../src/servers/commerce/ledger.js';
import { openTestRedis, redisUrl } from '../../support/redis.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { DIST, place } from './cli-process.js';

const ORDER = {
  customer: { name: 'Ada Lindqvist', email: 'ada@example.com' },
  items: [{ sku: 'sku-5009', quantity: 2 }],
  amountMinor: 5_980,
  address: { street: '12 Storgata', city: 'Oslo', postalCode: '0155', country: 'NO' },
};

const READY = /^Worker \d+ is ready/;

const Run = z.object({ id: z.string(), workflow: z.string(), status: z.string(), timeline: z.array(z.unknown()) });
const runOf = (text: string) => Run.parse(JSON.parse(text));

describe('commands and Redis', () => {
  it('without any Redis each ends with 3 and says how to get one', async () => {
    const { run } = await place({ redis: undefined });
    const lines = [['runs'], ['show', 'x'], ['worker'], ['api'], ['mcp'], ['enqueue', 'parallel', '{"query":"x"}']];
    for (const { code, out, err } of await Promise.all(lines.map((argv) => run(argv)))) {
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toContain('switchyard up');
    }
  });

  it('a REDIS_URL where nothing listens, or nothing answers, ends with 3 and is never replaced', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const ends = [`redis://127.0.0.1:1`, `redis://:secret@127.0.0.1:${port}`].map(async (redis) => {
      const { run } = await place({ redis });
      const begin = performance.now();
      const { code, out, err } = await run(['runs', '--json']);
      // The limit is the connection's 5 s; on a busy machine a Node process needs seconds to start.
      expect(performance.now() - begin).toBeLessThan(10_000);
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(JSON.parse(err)).toMatchObject({ error: { code: 'REDIS_UNAVAILABLE' } });
      expect(err).not.toContain('secret');
    });
    await Promise.all(ends);
  });
});

describe('a configuration that cannot be loaded', () => {
  it.each([
    ['const a = 1;\nthrow new Error("no database");', 'no database', 2],
    ['export default {\n  workflows: [\n', 'Unexpected end of input', 3],
    ["import { nothing } from 'node:fs';", "does not provide an export named 'nothing'", 1],
    ["import * as api from 'PACKAGE';\napi.mcpTask('a b');", 'is not a valid name', 2],
  ])('%j is refused with file and line', async (text, reason, line) => {
    const { run, folder } = await place();
    const file = join(folder, 'switchyard.config.mjs');
    writeFileSync(file, text.replace('PACKAGE', pathToFileURL(join(DIST, 'index.js')).href));
    const { code, err } = await run(['runs', '--json']);
    expect(code).toBe(2);
    const { error } = z.object({ error: z.object({ code: z.string(), message: z.string() }) }).parse(JSON.parse(err));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message).toContain(reason);
    expect(error.message).toContain(`(${realpathSync(file)}:${line})`);
  });
});

describe('enqueue', () => {
  it('refuses an input part by part, each with its path', async () => {
    const { run } = await place();
    const bad = { ...ORDER, items: [{ sku: 'sku-5009', quantity: 0 }], amountMinor: 1.5 };
    const { code, out, err } = await run(['enqueue', 'order', '-', '--json'], JSON.stringify(bad));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    const { error } = z
      .object({ error: z.object({ code: z.string(), issues: z.array(z.object({ path: z.string() })) }) })
      .parse(JSON.parse(err));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.issues.map(({ path }) => path)).toEqual(['items.0.quantity', 'amountMinor']);
  });

  it('whose wait is over says how the run stands, and ends with 5; without --wait it ends with 0', async () => {
    const { run } = await place();
    const waited = await run(['enqueue', 'parallel', '{"query":"reports"}', '--json', '--wait', '200ms']);
    expect(waited.code).toBe(5);
    const { id, status } = runOf(waited.out);
    expect(status).toBe('queued');
    expect(JSON.parse(waited.err)).toMatchObject({ error: { code: 'WAIT_TIMEOUT' } });
    const shown = await run(['show', id]);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain(`queued for`);
    const listed = await run(['runs', '--status', 'open', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({ runs: [{ id, workflow: 'parallel', status: 'open' }] });
    expect((await run(['runs'])).out).toMatch(/○ queued or running +parallel/);
    expect((await run(['runs', '--status', 'failed'])).out).toBe(
      'No runs that are failed. All runs: switchyard runs\n',
    );
    expect(await run(['enqueue', 'parallel', '{"query":"reports"}'])).toMatchObject({ code: 0, err: '' });
  });

  it('whose wait is interrupted says that the run goes on, and ends as an interrupted command', async () => {
    const { start } = await place();
    const waiting = await start(['enqueue', 'parallel', '{"query":"reports"}', '--wait'], /accepted/);
    const [id = ''] = waiting.line.split(' ');
    waiting.child.kill('SIGINT');
    expect(await waiting.ended).toMatchObject({ code: 130, err: expect.stringContaining(`switchyard show ${id}`) });
  });

  it('of one order three times under one key is one run and one charge; with another input it is refused', async () => {
    const { run, start, folder } = await place();
    const worker = await start(['worker'], READY);
    const submit = (order: object) =>
      run(['enqueue', 'order', '-', '--key', 'k', '--wait', '--json'], JSON.stringify(order));
    const ends = await Promise.all([submit(ORDER), submit(ORDER), submit(ORDER)]);
    const runs = ends.map(({ out }) => runOf(out));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(runs[0]?.status).toBe('completed');

    const file = openCommerceFile(join(folder, '.switchyard', 'commerce.db'));
    onTestFinished(() => file.close());
    expect(readLedger(file, 10, undefined).totals).toMatchObject({ charges: 1, chargedMinor: 5_980 });

    const other = await submit({ ...ORDER, amountMinor: 1 });
    expect(other.code).toBe(2);
    expect(JSON.parse(other.err)).toMatchObject({ error: { code: 'KEY_CONFLICT' } });

    const impossible = await run(
      ['enqueue', 'order', '-', '--wait'],
      JSON.stringify({ ...ORDER, items: [{ sku: 'sku-5011', quantity: 900 }] }),
    );
    expect(impossible.code).toBe(1);
    expect(impossible.out).toContain('↩ compensated');

    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });
});

describe('a worker', () => {
  const SLOW = {
    imports: `const slow = api.defineTask({ name: 'slow', idempotent: true, input: z.object({}), output: z.string(),
  run: async () => {
    console.log('task begins');
    await new Promise((resolve) => setTimeout(resolve, 400));
    console.log('task ends');
    return 'done';
  } });
const mine = api.defineFanOut({ name: 'mine', input: z.object({}), branches: { slow: { run: slow, with: () => ({}) } },
  aggregate: (results) => results });`,
    workflows: ', mine',
  };

  it('that is told to stop while Redis is gone ends all the same, with its servers', async () => {
    const redis = await useOwnRedis();
    const { start, folder } = await place({ redis: redis.url });
    const worker = await start(['worker'], READY);
    process.kill(redis.pid, 'SIGKILL');
    const stopping = performance.now();
    worker.child.kill('SIGTERM');
    expect((await worker.ended).code).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(10_000);
    expect(readdirSync(join(folder, '.switchyard', 'mcp-servers'))).toEqual([]);
  });

  it('that is told to stop lets what it has begun end, and leaves no process behind', async () => {
    const { run, start, folder } = await place(SLOW);
    const first = await start(['worker', '--concurrency', '2'], READY);
    expect(first.line).toContain('MCP servers weather, database, commerce, files');
    const begins = first.next(/^task begins$/);
    const accepted = runOf((await run(['enqueue', 'mine', '--json'])).out);
    await begins;
    expect(readdirSync(join(folder, '.switchyard', 'mcp-servers'))).toHaveLength(1);
    first.child.kill('SIGTERM');
    const { code, out } = await first.ended;
    expect(code).toBe(0);
    expect(out).toContain('task ends');
    // The list of server processes goes with the last of them.
    expect(readdirSync(join(folder, '.switchyard', 'mcp-servers'))).toEqual([]);

    const second = await start(['worker', '--queues', 'runs,tasks'], READY);
    expect(second.line).toContain('queues runs, tasks;');
    const shown = await run(['enqueue', 'mine', '{}', '--key', 'other', '--wait', '--json']);
    expect(runOf(shown.out).status).toBe('completed');
    const { timeline, status } = runOf((await run(['show', accepted.id, '--json'])).out);
    expect(status).toBe('completed');
    expect(timeline).toMatchObject([{ name: 'slow', state: 'completed', attempts: [{ n: 1 }] }]);
    second.child.kill('SIGINT');
    expect((await second.ended).code).toBe(0);
  });

  it('warns of a tool that a workflow names and no server has, and works all the same', async () => {
    const { start } = await place({
      imports: `const lost = api.defineFanOut({ name: 'lost', input: z.object({}), aggregate: (results) => results,
  branches: { a: { run: api.mcpTask('weather.get_tides'), with: () => ({}) } } });`,
      workflows: ', lost',
    });
    const { child, ended } = await start(['worker'], READY);
    child.kill('SIGTERM');
    const { code, err } = await ended;
    expect(code).toBe(0);
    const warnings = err.split('\n').filter((line) => line.includes('get_tides'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ workflow: 'lost', capability: 'weather.get_tides' });
    expect(err).not.toContain('order');
  });

  it('for a queue that no workflow uses is refused, and names those there are', async () => {
    const { run } = await place();
    const { code, err } = await run(['worker', '--queues', 'runs,taks']);
    expect(code).toBe(2);
    expect(err.replace(/\s+/g, ' ')).toContain('no workflow uses queue "taks"; the queues are runs, tasks');
  });
});

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

describe('the dashboard', () => {
  it('shows runs and queues to this machine only, and changes nothing', async () => {
    const { run, start } = await place();
    const { id } = runOf((await run(['enqueue', 'support', '{"query":"hello"}', '--json'])).out);
    const api = await start(['api', '--port', '0', '--json'], /^\{/);
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(api.line));
    const page = await fetch(`${url}/`);
    expect(await page.text()).toContain('<script type="module" src="/ui/main.js">');
    expect(await (await fetch(`${url}/v1/runs`)).text()).toContain(id);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' });
    const queues: unknown = await (await fetch(`${url}/admin/queues/api/queues`)).json();
    const names = z.object({ queues: z.array(z.object({ name: z.string(), readOnlyMode: z.literal(true) })) });
    expect(names.parse(queues).queues.map(({ name }) => name)).toEqual(expect.arrayContaining(['runs', 'attention']));
    expect((await fetch(`${url}/admin/queues/api/queues/runs/pause`, { method: 'PUT' })).status).toBe(405);
    expect((await fetch(`${url}/`, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    expect((await fetch(`${url}/v1/runs?cursor=rubbish`)).status).toBe(422);
    const absent = await fetch(`${url}/nothing`);
    expect(absent.status).toBe(404);
    expect(await absent.json()).toEqual({
      type: 'urn:switchyard:error:NOT_FOUND',
      status: 404,
      code: 'NOT_FOUND',
      title: 'Not Found',
      detail: 'There is no GET /nothing.',
      instance: absent.headers.get('x-request-id'),
    });
    const written = await fetch(`${url}/`, { method: 'POST' });
    expect(written.headers.get('allow')).toBe('GET, HEAD');
    expect(await written.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    const board = await fetch(`${url}/admin/queues`);
    expect(board.status).toBe(200);
    const html = await board.text();
    expect(html).toContain('<div id="root">');
    expect(html).not.toMatch(/https?:\/\//);

    const taken = await run(['api', '--port', new URL(url).port]);
    expect(taken.code).toBe(2);
    expect(taken.err.replace(/\s+/g, ' ')).toContain('another program has it');
    api.child.kill('SIGTERM');
    expect(await api.ended).toMatchObject({ code: 0, err: '' });
  });

  it('beyond loopback needs a token, and then asks for it everywhere but at health checks', async () => {
    const { run, start, env } = await place();
    const refused = await run(['api', '--host', '0.0.0.0', '--port', '0']);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('SWITCHYARD_TOKEN');
    env.SWITCHYARD_TOKEN = 's3cret';
    const api = await start(['api', '--host', '0.0.0.0', '--port', '0', '--json'], /^\{/);
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(api.line));
    const statusOf = async (path: string, authorization?: string) =>
      (await fetch(`${url}${path}`, authorization === undefined ? {} : { headers: { authorization } })).status;
    const basic = (password: string) => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
    for (const path of ['/v1/runs', '/admin/queues', '/admin/queues/api/queues', '/nothing']) {
      expect(await statusOf(path)).toBe(401);
      expect(await statusOf(path, 'Bearer s3cre')).toBe(401);
      expect(await statusOf(path, basic('s3cretx'))).toBe(401);
    }
    expect(await statusOf('/v1/runs', 'Bearer s3cret')).toBe(200);
    // The page itself asks for the token.
    expect(await statusOf('/')).toBe(200);
    expect(await statusOf('/admin/queues', basic('s3cret'))).toBe(200);
    expect(await statusOf('/healthz')).toBe(200);
    expect(await statusOf('/readyz')).toBe(200);
  });
});

describe('up and down', () => {
  it('start the private Redis for every other command of the folder, and stop it', async () => {
    const { run, start, folder } = await place({ redis: undefined });
    const up = await start(['up', '--port', '0'], /Ctrl-C/);
    expect(await run(['runs'])).toMatchObject({ code: 0, out: expect.stringContaining('No runs.') });
    up.child.kill('SIGINT');
    expect((await up.ended).code).toBe(0);
    // It outlives the dashboard.
    expect((await run(['runs', '--json'])).code).toBe(0);
    expect(await run(['down'])).toMatchObject({ code: 0, out: expect.stringContaining('has ended') });
    expect(await run(['down'])).toMatchObject({ code: 0, out: expect.stringContaining('nothing to stop') });
    expect(existsSync(join(folder, '.switchyard', 'redis', 'state.json'))).toBe(false);
  });

  it('one after the other leave no worker behind: it finds the next Redis by itself', async () => {
    const { run, start } = await place({ redis: undefined });
    const first = await start(['up', '--port', '0'], /Ctrl-C/);
    onTestFinished(async () => void (await run(['down'])));
    const worker = await start(['worker'], READY);
    first.child.kill('SIGINT');
    await first.ended;
    expect((await run(['down'])).code).toBe(0);
    const second = await start(['up', '--port', '0'], /Ctrl-C/);
    const waited = await run(['enqueue', 'support', '{"query":"hello"}', '--wait', '15s', '--json']);
    expect(waited.code, waited.err).toBe(0);
    for (const { child, ended } of [worker, second]) {
      child.kill('SIGTERM');
      expect((await ended).code).toBe(0);
    }
  });
});
