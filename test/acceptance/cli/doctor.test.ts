import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type DoctorOptions, doctor } from '../../../src/cli/doctor/doctor.js';
import { readSettings } from '../../../src/cli/settings.js';
import { redisKeys } from '../../../src/names.js';
import { useEngine } from '../../support/engine.js';
import { redisUrl } from '../../support/redis.js';
import { DIST } from './cli-process.js';

const PACKAGE = new URL('../../../src/index.ts', import.meta.url).href;
/** A project of its own, as the command loads it, and an engine over the same workflows and keys. */
const WORKFLOWS = `import * as api from ${JSON.stringify(PACKAGE)};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const task = api.defineTask({ name: 'one', idempotent: true, input: z.object({}), output: z.string(), run: () => 'x' });
const nothing = () => ({});
const ask = api.defineFanOut({ name: 'ask', input: z.object({}), aggregate: () => 1,
  branches: { yes: { run: api.approval(), with: () => ({ question: 'really?' }) } } });
const quick = api.defineSaga({ name: 'quick', input: z.object({}) }).step('one', task, { with: nothing }).returns((done) => done);
const lost = api.defineFanOut({ name: 'lost', input: z.object({}), aggregate: () => 1,
  branches: { a: { run: api.mcpTask('weather.get_tides'), with: nothing } } });
export const workflows = [ask, quick, lost];`;

const Report = z.object({
  findings: z.array(
    z.object({ severity: z.string(), area: z.string(), what: z.string(), remedy: z.string().optional() }),
  ),
});

async function useProject() {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(join(folder, 'workflows.mjs'), WORKFLOWS);
  const module: { workflows: Parameters<typeof useEngine>[0] } = await import(join(folder, 'workflows.mjs'));
  const engine = useEngine(module.workflows);
  const config = join(folder, 'switchyard.config.mjs');
  await writeFile(
    config,
    `import { workflows } from './workflows.mjs';\nexport default { workflows, prefix: '${engine.prefix}' };`,
  );
  const weather = [join(DIST, 'servers/weather/main.js'), '--source', 'sample'];
  const mcp = join(folder, 'mcp.json');
  await writeFile(
    mcp,
    JSON.stringify({
      mcpServers: { weather: { command: process.execPath, args: weather }, gone: { command: 'no-such-program' } },
    }),
  );
  const settings = { redis: redisUrl(), config, mcp, data: folder };
  async function show(options: DoctorOptions, json: boolean, redis = settings.redis) {
    const written: string[] = [];
    const screen = {
      write: (text: string) => void written.push(text),
      ...{ isTty: false, columns: 80, rows: 24, colors: pc.createColors(false) },
    };
    const code = await doctor(readSettings({ ...settings, redis, json }, {}), options, { out: screen, err: screen });
    return { code, out: written.join('') };
  }
  return {
    engine,
    show,
    async examine(options: DoctorOptions = { offline: true }) {
      const { code, out } = await show(options, true);
      const { findings } = Report.parse(JSON.parse(out));
      const told = (severity: string, what: RegExp) =>
        findings.filter((finding) => finding.severity === severity && what.test(finding.what));
      return { code, findings, told };
    },
  };
}

it('finds queues that nobody serves and runs that wait, each with its remedy; mended it ends with 0', async () => {
  const { engine, examine } = await useProject();
  const idle = await examine();
  expect(idle.code).toBe(0);
  expect(idle.told('warning', /No worker is connected/)).toMatchObject([
    { remedy: expect.stringContaining('switchyard worker') },
  ]);
  const quick = await engine.sy.start('quick', {});
  const waiting = await examine();
  expect(waiting.code).toBe(1);
  expect(waiting.told('error', /No worker is connected, and 1 jobs wait/)).toHaveLength(1);

  const roots = await engine.work({ queues: ['runs'] });
  expect((await examine()).told('error', /Nobody serves queue tasks, and 1 jobs wait/)).toMatchObject([
    { remedy: expect.stringContaining('--queues tasks') },
  ]);
  await roots.stop();
  await engine.work();
  await quick.wait();
  const asking = await engine.sy.start('ask', {});
  expect((await asking.wait()).status).toBe('waiting_approval');
  const well = await examine();
  expect(well.code).toBe(0);
  expect(well.told('ok', /^1 connected: \S+:\d+$/)).toHaveLength(1);
  expect(well.told('info', new RegExp(`1 run waits for an approval: ${asking.id}`))).toHaveLength(1);
  expect(
    well.told('ok', /newest 2 runs \(1 that have ended by themselves; [1-9]\d* comparisons of I1, I4/),
  ).toHaveLength(1);
  await engine.sy.pause({ workflow: 'quick' });
  expect((await examine()).told('warning', /Workflow quick is paused/)).toHaveLength(1);
  for (const { severity, remedy } of well.findings) expect(remedy === undefined).toBe(severity === 'ok');
});

it('finds schedules whose workflow no worker has, and callbacks that nobody sends', async () => {
  const { engine, examine } = await useProject();
  const { sy, redis, prefix } = engine;
  const work = () => engine.work({ queues: ['runs', 'tasks'] });
  await work();
  await sy.schedules.upsert('well', { workflow: 'quick', every: '1h' });
  expect((await examine()).code).toBe(0);
  const keys = redisKeys(prefix);
  await redis.hset(keys.schedules, 'nightly', JSON.stringify({ workflow: 'gone', input: {}, cron: '0 0 1 1 *' }));
  expect((await examine()).told('warning', /Schedule nightly runs workflow gone, which this project/)).toHaveLength(1);
  // As a worker notes it that has taken the tick up an hour ago.
  await redis.hset(keys.ticks, 'nightly', JSON.stringify({ waits: { tick: 7, since: Date.now() - 3_600_000 } }));
  await redis.hset(keys.job('runs', 'repeat:nightly:7'), 'name', 'schedule nightly');
  const waiting = await examine();
  expect(waiting.code).toBe(1);
  expect(
    waiting.told('error', /No worker has workflow gone: a tick of schedule nightly waits since 1 h ago/),
  ).toMatchObject([{ remedy: expect.stringContaining('schedules remove nightly') }]);
  await sy.schedules.remove('nightly');
  await redis.zadd(keys.untold, Date.now(), keys.job('callbacks', 'quick-0-k1-~callback.0'));
  expect((await examine()).told('error', /Nobody serves queue callbacks, and 1 end waits to be told/)).toMatchObject([
    { remedy: expect.stringContaining('--queues callbacks') },
  ]);
});

it('holds the newest runs against the promises, and names the one that breaks one', async () => {
  const { engine, examine, show } = await useProject();
  await engine.work();
  const { id } = await engine.sy.start('quick', {});
  await engine.sy.run(id).wait();
  expect(await engine.redis.hdel(`${engine.prefix}:log:${id}`, 'done/one')).toBe(1);
  const broken = await examine();
  expect(broken.code).toBe(1);
  expect(broken.told('error', /Broken, of .*: I4 quick-/)).toMatchObject([{ what: expect.stringContaining(id) }]);
  expect((await examine({ offline: true, runs: '0' })).code).toBe(0);
  const { out } = await show({ offline: true }, false);
  expect(out).toMatch(/^✗ {2}promises {2}Broken/);
  expect(out).toMatch(/\n {6}→ Look at it/);
  expect(out).toContain('\n1 error, 0 warnings.\n');
});

it('without Redis fails as one that is not there, whose exit code is 3', async () => {
  const { show } = await useProject();
  const gone = show({ offline: true }, true, 'redis://127.0.0.1:1');
  await expect(gone).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
});

it('asks the MCP servers, and names one that cannot be had and a tool that nobody has', async () => {
  const { examine } = await useProject();
  const found = await examine({});
  expect(found.code).toBe(1);
  expect(found.told('ok', /^weather: switchyard-weather \S+, 2 tools$/)).toHaveLength(1);
  expect(found.told('error', /^gone: .*no-such-program/)).toHaveLength(1);
  expect(found.told('error', /calls weather\.get_tides, and MCP server "weather" has no tool/)).toMatchObject([
    { remedy: expect.stringMatching(/^Correct the name/) },
  ]);
});

it('finds stored data of a later release, and workers of another', async () => {
  const { engine, examine } = await useProject();
  await engine.redis.hset(`${engine.prefix}:schema`, { version: '99', release: '9.0.0' });
  await engine.redis.client('SETNAME', 'switchyard-worker@9.0.0');
  const found = await examine();
  expect(found.code).toBe(1);
  expect(found.told('error', /has version 99, by release 9\.0\.0/)).toHaveLength(1);
  expect(found.told('info', /Workers of other releases are connected.*9\.0\.0/)).toHaveLength(1);
});
