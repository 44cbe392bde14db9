import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useOwnRedis } from '../../support/redis-server.js';
import { place } from './cli-process.js';
import { READY, runOf } from './shown.js';

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
    expect(readFileSync(join(folder, '.switchyard', '.gitignore'), 'utf8')).toBe('*\n');
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

  it('that is refused has started no private Redis', async () => {
    const { run } = await place({ redis: undefined });
    expect(await run(['worker', '--queues', 'nonsense', '--dev'])).toMatchObject({ code: 2 });
    expect(await run(['down'])).toMatchObject({ code: 0, out: expect.stringContaining('nothing to stop') });
  });
});
