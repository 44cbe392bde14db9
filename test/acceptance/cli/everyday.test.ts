/** The commands for every day, as typed, in one process against a worker of the same: what they print, and how they exit. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '../../../src/cli/program.js';
import { loadProject } from '../../../src/cli/project.js';
import { useEngine } from '../../support/engine.js';

const PACKAGE = new URL('../../../src/index.ts', import.meta.url).href;
const WORKFLOWS = `
const any = z.object({}).loose();
const work = (run) => ({ run: api.defineTask({ name: 'work', queue: 'mail', input: any, output: z.unknown(), run }), with: (i) => i });
const note = api.defineFanOut({ name: 'note', input: any, branches: { only: work((i) => i) }, aggregate: (r) => r.only.output });
const fragile = api.defineFanOut({
  name: 'fragile', input: any, aggregate: () => null,
  branches: { only: work(() => { if (globalThis.isFragile) throw new api.PermanentError('broken'); return 1; }) },
});`;
declare global {
  var isFragile: boolean | undefined;
}
async function desk() {
  const engine = useEngine([]);
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const config = join(folder, 'switchyard.config.mjs');
  await writeFile(
    config,
    `import * as api from ${JSON.stringify(PACKAGE)};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
${WORKFLOWS}
export default { workflows: [note, fragile], prefix: '${engine.prefix}', queues: { mail: { concurrency: 2, total: 9 } } };
`,
  );
  const run = async (...argv: readonly string[]) => {
    const written = { out: '', err: '' };
    const screen = (name: 'out' | 'err') => ({
      write: (text: string) => {
        written[name] += text;
      },
      ...{ isTty: false, columns: 100, rows: 24, colors: pc.createColors(false) },
    });
    const args = [...argv, '--redis', engine.url, '--config', config];
    const code = await runCli(args, { out: screen('out'), err: screen('err') });
    return { code, out: written.out, err: written.err.replace(/\s+/g, ' ') };
  };
  const json = async <T>(shape: z.ZodType<T>, ...argv: readonly string[]): Promise<T> => {
    const { out, err } = await run(...argv, '--json');
    return shape.parse(JSON.parse(out === '' ? err : out));
  };
  async function work() {
    const project = await loadProject(config);
    const workers = engine.other(project.workflows, { queues: project.queues ?? {} }).workers({ graceMs: 500 });
    onTestFinished(() => workers.stop());
    await workers.start();
  }
  return { run, json, work };
}

const Run = z.looseObject({ id: z.string(), status: z.string() });
const Listed = z.object({ runs: z.array(Run) });
const Told = z.object({ runs: z.array(z.looseObject({ run: z.string() })) });

test('runs are tagged, listed by their tag, and erased by it, once it was said that it is meant', async () => {
  const { run, json, work } = await desk();
  await work();
  const enqueue = ['enqueue', 'note', '{"n":1}', '--tag', 'customer=42', '--tag', 'team=blue', '--wait'] as const;
  const { id } = await json(Run, ...enqueue);
  await json(Run, 'enqueue', 'note', '{}', '--wait');
  expect((await json(Listed, 'runs', '--tag', 'customer=42')).runs.map((one) => one.id)).toEqual([id]);
  expect((await run('show', id)).out).toContain('customer=42, team=blue');
  expect((await run('runs', '--tag', 'customer=43')).out).toContain('No runs with the tag customer=43');
  expect((await run('runs', '--status', 'attention')).out).toBe(
    'No runs that wait for a person. All runs: switchyard runs\n',
  );
  expect(await run('enqueue', 'note', '{}', '--tag', 'customer')).toMatchObject({ code: 2, out: '' });
  expect(await run('erase', '--tag', 'customer=42')).toMatchObject({
    code: 2,
    err: expect.stringContaining('switchyard runs --tag customer=42. Then add --yes'),
  });
  expect(await run('erase')).toMatchObject({ code: 2 });
  expect(await json(Told, 'erase', '--tag', 'customer=42', '--yes')).toEqual({ runs: [{ run: id, erased: true }] });
  expect(await run('show', id)).toMatchObject({ code: 2, err: expect.stringContaining('there is no run') });
  expect(await run('erase', id, '--yes')).toMatchObject({ code: 2, err: expect.stringContaining('UNKNOWN_RUN') });
  const later = await json(Run, 'enqueue', 'note', '{}', '--tag', 'customer=42', '--delay', '1h');
  expect(await run('erase', '--tag', 'customer=42', '--yes')).toMatchObject({
    code: 1,
    out: expect.stringMatching(`${later.id}  not erased: .*switchyard cancel ${later.id} --wait`),
  });
});

test('a workflow and a queue are paused, listed with why, and go on; a limit is set and cleared', async () => {
  const { run, json, work } = await desk();
  await work();
  expect((await run('paused')).out).toBe('Nothing is paused.\n');
  const pause = ['pause', '--workflow', 'note', '--reason', 'the printer is on fire', '--by', 'me'] as const;
  expect((await run(...pause)).out).toContain('until: switchyard unpause --workflow note');
  expect((await run(...pause)).out).toContain('is paused already');
  const { id } = await json(Run, 'enqueue', 'note', '{}');
  await run('pause', '--queue', 'mail');
  expect((await run('paused')).out).toMatch(/workflow note .* 1 +me +the printer is on fire\nqueue mail/);
  expect((await run('queues')).out).toMatch(/mail +0 +0 +1 +9 at once +paused/);
  expect((await run('unpause', '--queue', 'mail')).out).toContain('goes on');
  expect((await run('unpause', '--workflow', 'note')).out).toContain('goes on');
  expect((await run('unpause', '--workflow', 'note')).out).toContain('was not paused');
  expect(await json(Run, 'enqueue', 'note', '{"after":1}', '--wait')).toMatchObject({ status: 'completed' });
  await expect.poll(async () => (await json(Run, 'show', id)).status).toBe('completed');
  expect((await run('limit', 'mail', '--total', '3', '--rate', '10/1s')).out).toBe(
    'Queue mail: 3 at once, 10 in 1.0 s (by command).\n',
  );
  expect((await run('limit', 'mail', '--rate', '5/1s')).out).toBe('Queue mail: 3 at once, 5 in 1.0 s (by command).\n');
  expect((await run('limit', 'mail', '--total', 'none')).out).toBe('Queue mail: 5 in 1.0 s (by command).\n');
  expect((await run('limit', 'mail', '--rate', 'none')).out).toBe('Queue mail: no limits (by command).\n');
  expect((await run('limit', 'mail', '--clear')).out).toBe('Queue mail: no limits.\n');
  for (const argv of [
    ['limit', 'mail'],
    ['limit', 'mail', '--rate', '10'],
    ['pause'],
    ['limit', 'runs', '--total', '1'],
  ])
    expect(await run(...argv)).toMatchObject({ code: 2, out: '' });
});

test('failed runs are retried together, seen first; one that is named is retried alone', async () => {
  globalThis.isFragile = true;
  onTestFinished(() => {
    globalThis.isFragile = undefined;
  });
  const { run, json, work } = await desk();
  await work();
  const ids = [];
  for (const n of [1, 2, 3]) ids.push((await json(Run, 'enqueue', 'fragile', `{"n":${n}}`, '--wait')).id);
  const all = ['retry', '--workflow', 'fragile', '--since', '1h'] as const;
  expect((await run(...all, '--dry-run')).out).toMatch(/3 would be retried, 0 begun anew before, 0 refused\n$/);
  globalThis.isFragile = false;
  expect(await run('retry', ids[0] ?? '', '--wait')).toMatchObject({
    code: 0,
    out: expect.stringContaining('completed'),
  });
  expect(await run(...all)).toMatchObject({ code: 0, out: expect.stringContaining('2 retried, 0 begun anew before') });
  await expect.poll(async () => (await json(Listed, 'runs', '--status', 'completed')).runs).toHaveLength(3);
  expect((await run(...all)).out).toBe('No runs fit.\n');
  for (const argv of [['retry'], ['retry', 'x', '--workflow', 'fragile'], [...all, '--wait']])
    expect(await run(...argv)).toMatchObject({ code: 2, out: '' });
});

test('a schedule is set, listed, paused, resumed and removed', async () => {
  const { run } = await desk();
  expect((await run('schedules')).out).toContain('No schedules. Make one');
  const set = ['schedules', 'set', 'nightly', '--workflow', 'note', '--cron', '0 2 1 1 *', '--tz', 'Europe/Berlin'];
  expect((await run(...set, '--input', '{"day":"{date}"}')).out).toMatch(/nightly: its next tick is \d{4}-01-01T01:00/);
  expect((await run('schedules')).out).toMatch(/nightly +note +0 2 1 1 \* Europe\/Berlin +\d{4}-01-01T01:00/);
  const other = await run(
    'schedules',
    'set',
    'nightly',
    '--cron',
    '0 3 1 1 *',
    '--tag',
    'team=blue',
    '--key',
    'n {date}',
  );
  expect(other.out).toMatch(
    /T02:00.*It runs note, 0 3 1 1 \* Europe\/Berlin, input .*\{date\}.*, key n \{date\}, tag team=blue\.\n$/,
  );
  expect((await run('schedules', 'set', 'nightly', '--tag', 'none', '--key', 'none', '--input', '{}')).out).toMatch(
    /It runs note, 0 3 1 1 \* Europe\/Berlin\.\n$/,
  );
  expect((await run('schedules', 'set', 'nightly', '--every', '9h')).out).toMatch(/It runs note, every 9 h 00 m\.\n$/);
  expect(await run('schedules', 'set', 'unknown', '--every', '9h')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--workflow'),
  });
  expect((await run('schedules', 'pause', 'nightly', '--reason', 'holidays')).out).toContain('is paused');
  expect((await run('schedules')).out).toMatch(/nightly .* paused/);
  expect((await run('schedules', 'resume', 'nightly')).out).toContain('its next tick is');
  expect(await run('schedules', 'set', 'bad', '--workflow', 'note', '--every', '1ms')).toMatchObject({ code: 2 });
  expect(await run('schedules', 'pause', 'none')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no schedule'),
  });
  expect((await run('schedules', 'remove', 'nightly')).out).toContain('is removed');
  expect((await run('schedules', 'remove', 'nightly')).out).toContain('There was no schedule nightly');
});
