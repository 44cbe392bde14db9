import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { place } from './cli-process.js';
import { READY } from './shown.js';

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

describe('up and down', () => {
  it('start the private Redis for every other command of the folder, and stop it', async () => {
    const { run, start, folder } = await place({ redis: undefined });
    const up = await start(['up', '--port', '0'], /Ctrl-C/);
    expect(await run(['runs'])).toMatchObject({ code: 0, out: expect.stringContaining('No runs.') });
    expect(readFileSync(join(folder, '.switchyard', '.gitignore'), 'utf8')).toBe('*\n');
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

  it('name who has lost its Redis, and who has the port: the next `up` is its Redis again', async () => {
    const { run, start, folder } = await place({ redis: undefined });
    onTestFinished(async () => void (await run(['down'])));
    const up = await start(['up', '--port', '0', '--json'], /^\{/);
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(up.line));
    const { port } = new URL(url);
    const second = await run(['up', '--port', port]);
    expect(second.code).toBe(2);
    expect(second.err.replace(/\s+/g, ' ')).toContain(
      `Switchyard already serves the data folder ${join(realpathSync(folder), '.switchyard')} at ${url} (process ${up.child.pid})`,
    );
    const worker = await start(['worker'], READY);

    const ended = await run(['down']);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(
      new RegExp(`Still running: 1 worker \\(\\S+:${worker.child.pid}\\) and the server at ${url}\\.`),
    );
    const again = await run(['up', '--port', port]);
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toContain(`Switchyard already serves it at ${url}`);
    const waited = await run(['enqueue', 'support', '{"query":"hello"}', '--wait', '15s', '--json']);
    expect(waited.code, waited.err).toBe(0);
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200);

    for (const { child, ended: end } of [worker, up]) {
      child.kill('SIGTERM');
      expect((await end).code).toBe(0);
    }
    const last = JSON.parse((await run(['down', '--json'])).out);
    expect(last).toMatchObject({ stopped: true, workers: [], servers: [] });
  });

  it('whose port another program has says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const { run } = await place({ redis: undefined });
    const { code, err } = await run(['up', '--port', port]);
    expect(code).toBe(2);
    expect(err.replace(/\s+/g, ' ')).toContain('another program has it');
    expect((await run(['down'])).out).toContain('nothing to stop');
  });
});
