import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openTestRedis } from '../../support/redis.js';
import { type Place, place } from './cli-process.js';

const READY = /^Worker \d+ is ready/;

const Report = z.object({
  findings: z.array(
    z.object({ severity: z.string(), area: z.string(), what: z.string(), remedy: z.string().optional() }),
  ),
});

async function examine({ run }: Place, ...args: readonly string[]) {
  const { code, out, err } = await run(['doctor', '--json', ...args]);
  expect(err).toBe('');
  const { findings } = Report.parse(JSON.parse(out));
  const told = (severity: string, what: RegExp) =>
    findings.filter((finding) => finding.severity === severity && what.test(finding.what));
  return { code, findings, told };
}

const STUCK = {
  imports: `const ask = api.defineFanOut({ name: 'ask', input: z.object({}), aggregate: (results) => results,
  branches: { yes: { run: api.approval(), with: () => ({ question: 'really?' }) } } });
const quick = api.defineSaga({ name: 'quick', input: z.object({}) })
  .step('one', api.defineTask({ name: 'one', idempotent: true, input: z.object({}), output: z.string(), run: () => 'x' }), { with: () => ({}) })
  .returns((done) => done);
const lost = api.defineFanOut({ name: 'lost', input: z.object({}), aggregate: (results) => results,
  branches: { a: { run: api.mcpTask('weather.get_tides'), with: () => ({}) } } });`,
  workflows: ', ask, quick, lost',
};

it('finds what is wrong, each with its remedy, and ends with 1; mended it ends with 0', {
  timeout: 60_000,
}, async () => {
  const where = await place(STUCK);
  const idle = await examine(where, '--offline');
  expect(idle.code).toBe(0);
  expect(idle.told('warning', /No worker is connected/)).toMatchObject([
    { remedy: expect.stringContaining('switchyard worker') },
  ]);

  const { id } = z.object({ id: z.string() }).parse(JSON.parse((await where.run(['enqueue', 'quick', '--json'])).out));
  const waiting = await examine(where, '--offline');
  expect(waiting.code).toBe(1);
  expect(waiting.told('error', /No worker is connected, and \d+ jobs wait/)).toHaveLength(1);

  const partly = await where.start(['worker', '--queues', 'runs'], READY);
  const unserved = await examine(where, '--offline');
  expect(unserved.told('error', /Nobody serves queue tasks/)).toMatchObject([
    { remedy: expect.stringContaining('--queues tasks') },
  ]);
  partly.child.kill('SIGTERM');
  await partly.ended;

  const worker = await where.start(['worker'], READY);
  expect((await where.run(['enqueue', 'ask', '--wait'])).code).toBe(4);
  expect((await where.run(['enqueue', 'quick', '--wait'])).code).toBe(0);
  const found = await examine(where);
  expect(found.code).toBe(1);
  expect(found.told('error', /calls weather\.get_tides, and MCP server "weather" has no tool/)).toHaveLength(1);
  expect(found.told('info', /1 run waits for an approval/)).toHaveLength(1);
  expect(found.told('ok', /^\d+ connected: \S+:\d+$/)).toHaveLength(1);
  expect(found.told('ok', /commerce: switchyard-commerce .*tools/)).toHaveLength(1);
  expect(
    found.told('ok', /kept by the newest 3 runs \(2 that have ended by themselves; [1-9]\d* comparisons of I1, I4/),
  ).toHaveLength(1);
  for (const { severity, remedy } of found.findings) expect(remedy !== undefined).toBe(severity !== 'ok');

  // What a hand does to a run's record is found, and told for this run.
  const redis = openTestRedis();
  onTestFinished(() => redis.disconnect());
  const [key = ''] = await redis.keys(`*:log:${id}`);
  await redis.hdel(key, 'done/one');
  const broken = await examine(where, '--offline');
  expect(broken.code).toBe(1);
  expect(broken.told('error', /Broken, .*: I4 quick-/)).toMatchObject([{ what: expect.stringContaining(id) }]);
  expect((await examine(where, '--offline', '--runs', '0')).code).toBe(0);

  const table = await where.run(['doctor', '--offline']);
  expect(table.out).toMatch(/^✗ +promises +Broken/);
  expect(table.out).toMatch(/\n {6}→ Look at it/);
  expect(table.out).toContain('1 error, ');
  worker.child.kill('SIGTERM');
  await once(worker.child, 'exit');
});

it('names a server that cannot be had, and a Redis that is not there', async () => {
  const where = await place();
  writeFileSync(
    join(where.folder, 'mcp.json'),
    JSON.stringify({ mcpServers: { gone: { command: 'no-such-program' } } }),
  );
  const found = await examine(where, '--mcp', 'mcp.json');
  expect(found.code).toBe(1);
  expect(found.told('error', /gone: .*no-such-program/)).toHaveLength(1);
  where.env.REDIS_URL = 'redis://127.0.0.1:1';
  expect(await where.run(['doctor'])).toMatchObject({ code: 3, out: '' });
});
