import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { place } from './cli-process.js';
import { runOf } from './shown.js';

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
