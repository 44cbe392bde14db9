/** What the dashboard shows, and to whom. */
import { Queue } from 'bullmq';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type ApiOptions, startApi } from '../../../src/api/server.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { useWorkingEngine } from '../../support/engine.js';
import { keysOf } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';
import { statusOf } from '../../support/status-of.js';
import { anyInput, task } from '../../support/workflows.js';

const PERSONAL = 'ada@example.com, Main Street 1';

const letter = defineFanOut({
  name: 'letter',
  input: anyInput,
  branches: { only: { run: task('write', (input) => ({ written: input })), with: (input) => input } },
  aggregate: ({ only }) => only.state,
});

async function shown(options: Partial<ApiOptions> = {}) {
  const engine = await useWorkingEngine([letter]);
  const { sy, url: connection, prefix } = engine;
  const dashboard = await startApi({ sy, connection, prefix, port: 0, log: silentLog, ...options });
  onTestFinished(() => dashboard.close());
  return { ...engine, url: dashboard.url };
}

const Jobs = z.object({ queues: z.array(z.object({ jobs: z.array(z.record(z.string(), z.unknown())) })) });

describe('Bull Board', () => {
  test('shows where a job belongs, and nothing of what it is about', async () => {
    const { sy, url, redis, prefix } = await shown();
    const run = await sy.start(letter, { to: PERSONAL, key: PERSONAL, stage: PERSONAL });
    expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
    // By hand, with fields that look like ours.
    const queue = new Queue('tasks', { connection: redis, prefix });
    onTestFinished(() => queue.close());
    const foreign = await queue.add(
      'x',
      { stage: { deep: PERSONAL }, run: PERSONAL.repeat(20), note: PERSONAL },
      { delay: 60_000 },
    );
    await foreign.updateProgress({ reading: PERSONAL });
    const board = `${url}/admin/queues/api/queues`;
    const paths = [
      ...['runs', 'tasks'].map((name) => `?activeQueue=${name}&status=latest&page=1&jobsPerPage=50`),
      ...['', '/logs', '/flow'].flatMap((what) => [`/runs/${run.id}${what}`, `/tasks/${run.id}-only${what}`]),
      `/tasks/${foreign.id}`,
    ];
    const pages = await Promise.all(paths.map(async (path) => await (await fetch(`${board}${path}`)).text()));
    for (const page of pages) expect(page).not.toContain('ada@example.com');
    const jobs = Jobs.parse(JSON.parse(pages[1] ?? '')).queues.flatMap((found) => found.jobs);
    expect(jobs.find(({ id }) => id === `${run.id}-only`)).toMatchObject({
      data: {
        v: expect.any(Number),
        run: run.id,
        workflow: 'letter',
        stage: 'only',
        input: expect.stringMatching(/^\[redacted, \d+ bytes\]$/),
      },
      returnValue: { attempt: 1, output: expect.stringContaining('[redacted') },
    });
    expect(await (await fetch(`${url}/`)).text()).not.toContain('ada@example.com');
  });

  test('reads so many jobs at once and no more, however many are asked for', async () => {
    const { url, redis, prefix } = await shown();
    const queue = new Queue('tasks', { connection: redis, prefix });
    onTestFinished(() => queue.close());
    await queue.addBulk(
      Array.from({ length: 130 }, (_, n) => ({ name: 'x', data: { run: `r-${n}` }, opts: { delay: 60_000 } })),
    );
    for (const [asked, given] of [
      ['20', 20],
      ['1000000', 100],
      ['1e6', 100],
    ] as const) {
      const path = `/admin/queues/api/queues?activeQueue=tasks&status=delayed&page=1&jobsPerPage=${asked}`;
      const { queues } = Jobs.parse(await (await fetch(`${url}${path}`)).json());
      expect([asked, queues.flatMap(({ jobs }) => jobs).length]).toEqual([asked, given]);
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('takes no %s, and changes nothing', async (method) => {
    const { url, prefix } = await shown();
    const before = await keysOf(prefix);
    for (const path of ['/admin/queues/api/queues/tasks/pause', '/admin/queues/api/queues/runs/obliterate', '/'])
      expect((await fetch(`${url}${path}`, { method })).status).toBe(405);
    expect(await keysOf(prefix)).toEqual(before);
  });

  test('gives away no file but its own', async () => {
    const { url } = await shown();
    for (const way of [
      '../../../package.json',
      '..%2f..%2f..%2fpackage.json',
      '%2e%2e/%2e%2e/package.json',
      '/etc/passwd',
      '..\\..\\package.json',
      'a%00.js',
    ])
      expect([way, await statusOf(url, `/admin/queues/static/${way}`)]).toEqual([
        way,
        expect.toSatisfy((status) => status >= 400 && status < 500),
      ]);
  });
});

describe('who may look', () => {
  test('is decided by name: a page that was rebound to this machine, or lies elsewhere, is refused', async () => {
    const { url } = await shown({ allowedHosts: ['desk.internal'] });
    const { port } = new URL(url);
    for (const path of [
      '/',
      '/admin/queues',
      '/admin/queues/api/queues',
      '/admin/queues/static/favicon.ico',
      '/nothing',
    ]) {
      expect(await statusOf(url, path, { host: `rebound.example:${port}` })).toBe(403);
      expect(await statusOf(url, path, { host: `localhost:${port}`, origin: 'http://rebound.example' })).toBe(403);
    }
    expect(await statusOf(url, '/', { host: `desk.internal:${port}` })).toBe(200);
    expect(await statusOf(url, '/', { host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(200);
  });

  test('is nobody without the token, on loopback too, once there is one', async () => {
    const { url } = await shown({ token: 's3cret' });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      'bearer s3cret',
      'Bearer s3cret2',
      'Bearer S3CRET',
      's3cret',
      basic('s3cret'),
      basic('s3cret:'),
      'Basic !',
      basic('a:s3cre'),
    ];
    for (const path of [
      '/v1/runs',
      '/v1/runs?token=s3cret',
      '/admin/queues',
      '/admin/queues/api/queues',
      '/admin/queues/static/favicon.ico',
      '//healthz',
      '/healthz/',
      '/healthz/../',
    ]) {
      for (const authorization of wrong)
        expect([path, authorization, await statusOf(url, path, { authorization })]).toEqual([path, authorization, 401]);
    }
    expect(await statusOf(url, '/v1/runs', { authorization: basic('anybody:s3cret') })).toBe(200);
  });

  test.each([undefined, ''])('beyond loopback with the token %j is a mistake that is found at start', async (token) => {
    await expect(shown({ host: '0.0.0.0', token })).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});
