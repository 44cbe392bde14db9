/**
 * The rules of docs/security.md for users of Redis: each role works under its own, and no rule allows a command that its
 * role does not have. What a role needs is measured: the commands that its connections send, and those in the scripts that
 * it sends, whether or not this run came by them.
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../../../src/adapters/redis.js';
import { startApi } from '../../../src/api/server.js';
import * as switchyard from '../../../src/index.js';
import { redisUser } from '../../support/redis-acl.js';
import { type RedisProcess, useRedisProcess } from '../../support/redis-process.js';
import { silentLog } from '../../support/silent-log.js';
import { readSnapshot, restoreKeys } from '../../support/upgrade/snapshot.js';
import { upgradeWorkflows } from '../../support/upgrade/workflows.js';
import { anyInput, task } from '../../support/workflows.js';

const PREFIX = '{sy0}';
const documents = readFileSync('docs/security.md', 'utf8');
const recorded = readFileSync(new URL('../../support/upgrade/runs-26b7ee7.ndjson', import.meta.url), 'utf8');

/**
 * Writes in scripts that a dashboard sends: of BullMQ's, for a rate limit that has run out and for markers of versions long
 * gone; and of ours, which drops a run whose retention is over from the index, and passes over it where it may not.
 */
const NEVER_OF_A_DASHBOARD = new Set(['del', 'rpop', 'zrem']);

/**
 * Asked for and done without: the settings, among which are passwords (what cannot be verified is said), and who is
 * connected, addresses included (Bull Board shows no workers).
 */
const DISPENSABLE = new Set(['config|get', 'client|list', 'client|setinfo']);

/** More branches than one script appends. */
const wide = switchyard.defineFanOut({
  name: 'wide',
  input: anyInput,
  each: task('one-of-many'),
  split: () => Array.from({ length: 120 }, (_, at) => at),
  aggregate: (results) => results.length,
});
/** Asks a person, then waits to be told. */
const asked = switchyard
  .defineSaga({ name: 'asked', input: anyInput })
  .step('yes', switchyard.approval(), { with: () => ({ question: 'may it?' }) })
  .step('told', switchyard.signal({ name: 'told', output: z.string() }), { with: () => ({}) })
  .returns((done) => Object.keys(done));
/** Drops those that have not begun when one fails. */
const strict = switchyard.defineFanOut({
  name: 'strict',
  input: anyInput,
  each: task('one-of-few', (input) => {
    if (input === 0) throw new switchyard.PermanentError('refused');
  }),
  split: () => Array.from({ length: 60 }, (_, at) => at),
  onFailure: 'fail',
  aggregate: () => null,
});
/** Paused, so that its jobs are held back. */
const halted = switchyard.defineFanOut({
  name: 'halted',
  input: anyInput,
  each: task('one-of-none'),
  split: () => Array.from({ length: 60 }, (_, at) => at),
  aggregate: () => null,
});
/** A run inside another, of which a part is refused as long as it is not retried. */
const inside = switchyard.defineFanOut({
  name: 'inside',
  input: anyInput,
  branches: { only: { run: switchyard.workflowTask(strict), with: (input) => input } },
  aggregate: () => null,
});
const workflows = [...upgradeWorkflows(switchyard, async () => {}, false).all, wide, asked, strict, halted, inside];

function open(url: string): switchyard.Switchyard {
  // What was recorded is kept for longer than anybody will run this test.
  const retention = { ageMs: 100 * 365 * 86_400_000 };
  const sy = switchyard.switchyard({ connection: url, prefix: PREFIX, workflows, logger: silentLog, retention });
  onTestFinished(() => sy.close());
  return sy;
}

/** Runs that another version has left: some for a worker, some for a person. */
async function leftBehind(admin: Redis) {
  const { keys, runs } = readSnapshot(recorded, PREFIX);
  await restoreKeys(admin, keys);
  const { stuck = '', 'in-doubt': doubtful = '', ...others } = runs;
  return { stuck, doubtful, others: Object.values(others) };
}

async function produce(url: string, admin: Redis): Promise<readonly string[]> {
  const sy = open(url);
  const [dropped, ...runs] = await Promise.all([
    sy.start('trip', {}, { delay: '1h' }),
    sy.start('asked', {}, { key: 'approved', deadline: '1h' }),
    sy.start('asked', {}, { key: 'rejected' }),
    sy.start('trip', {}, { key: 'a' }),
    sy.start('doomed', {}),
    sy.start('desk', { route: 'early', urgent: true }),
    sy.start('brief', {}, { priority: 'HIGH' }),
    sy.start('wide', {}),
    sy.start('inside', {}, { key: 'inside' }),
    sy.start('retrying', {}),
    sy.start('short', {}, { delay: '300ms' }),
    sy.start('asked', {}, { deadline: '400ms' }),
  ]);
  expect((await sy.start('trip', {}, { key: 'a' })).duplicate).toBe(true);
  await sy.schedules.upsert('often', { workflow: 'strict', every: '1s', tags: { team: 'blue' } });
  await sy.start('halted', {}, { key: 'by a worker', delay: '300ms' });
  await sy.pause({ workflow: 'halted' });
  await sy.start('halted', {}, { key: 'at once' });
  expect((await sy.list()).runs.length).toBeGreaterThan(5);
  await dropped.cancel();
  await Promise.all(runs.map((run) => run.wait('50ms')));
  // The reader of ends begins in its own time.
  await expect.poll(() => admin.client('LIST')).toContain('cmd=xread');
  return [dropped, ...runs].map(({ id }) => id);
}

async function work(url: string, runs: readonly string[]): Promise<void> {
  const sy = open(url);
  const workers = sy.workers({ stalledIntervalMs: 200, reconcileMs: 200, concurrency: 2 });
  await workers.start();
  const strictly = await sy.start('strict', {}, { key: 'strict' });
  const inner = await sy.start('inside', {}, { key: 'inside' });
  for (const id of [...runs, strictly.id]) {
    const { status } = await sy.run(id).wait('15s');
    expect([id, status]).toEqual([
      id,
      expect.stringMatching(/^(completed|compensated|failed|cancelled|waiting_approval)$/),
    ]);
  }
  // What a person has said, from a process that also does the work; another of the two has the rights to say it.
  await inner.retry();
  expect(await inner.wait('15s')).toMatchObject({ status: 'failed' });
  await expect.poll(async () => (await sy.paused()).workflows[0]?.held).toBe(120);
  await expect.poll(async () => (await sy.schedules.list())[0]?.last, { timeout: 5_000 }).toBeDefined();
  await workers.stop();
}

/** What a person does, from a process that does no work. */
async function operate(url: string, left: Awaited<ReturnType<typeof leftBehind>>): Promise<void> {
  const sy = open(url);
  const approved = await sy.start('asked', {}, { key: 'approved' });
  await approved.signal('told', 'before it waits');
  await approved.approve();
  await (await sy.start('asked', {}, { key: 'rejected' })).reject({ by: 'me' });
  await sy.run(left.stuck).skip({ reason: 'none was due' });
  await sy.run(left.doubtful).resolve({ happened: true, output: null });
  await (await sy.start('strict', {}, { key: 'strict' })).retry();
  await everyDay(sy);
}

async function everyDay(sy: switchyard.Switchyard): Promise<void> {
  for await (const { outcome } of sy.retry({ workflow: 'trip', status: 'compensated' })) expect(outcome).toBe('anew');
  await sy.resume({ workflow: 'halted' });
  await sy.pause({ queue: 'early' });
  expect((await sy.paused()).queues).toHaveLength(1);
  await sy.resume({ queue: 'early' });
  await sy.limit('early', { total: 5, rate: { max: 100, per: '1s' } });
  await sy.limit('early', {});
  expect(await sy.queues()).not.toEqual([]);
  await sy.schedules.pause('often');
  await sy.schedules.resume('often');
  await sy.schedules.remove('often');
  expect((await sy.list({ tag: 'team=blue' })).runs).not.toEqual([]);
  for await (const { error } of sy.erase({ tag: 'team=blue' }))
    expect(error?.code ?? 'ILLEGAL_STATE').toBe('ILLEGAL_STATE');
}

async function show(url: string, runs: readonly string[]): Promise<void> {
  const sy = open(url);
  const dashboard = await startApi({ sy, prefix: PREFIX, connection: url, port: 0, readOnly: true, log: silentLog });
  onTestFinished(() => dashboard.close());
  const queue = '/admin/queues/api/queues';
  const run = `/v1/runs/${runs[0]}`;
  const pages = [
    `${run}?waitMs=50`,
    '/v1/runs',
    '/v1/runs?text=a',
    '/v1/counts',
    `${run}?timeline=none`,
    `${run}/timeline`,
  ];
  const paths = [...pages, '/readyz', '/admin/queues', queue, '/admin/queues/api/redis/stats'].concat(
    ['latest', 'completed', 'failed', 'delayed'].map((status) => `${queue}?activeQueue=early&status=${status}&page=1`),
    ['', '/logs', '/flow'].map((what) => `${queue}/runs/${runs[0]}${what}`),
    [`${queue}/runs/workers`],
    ['/v1/workflows', '/v1/runs?text=a', '/v1/counts'],
    runs
      .slice(0, 8)
      .flatMap((id) => ['', '?timeline=none', '/timeline', '/payload?of=input'].map((what) => `/v1/runs/${id}${what}`)),
  );
  for (const path of paths) expect([path, (await fetch(`${dashboard.url}${path}`)).status]).toEqual([path, 200]);
}

/** What is sent to the server, and by the scripts that are, while `role` does its part. */
async function commandsOf({ admin }: RedisProcess, role: () => Promise<unknown>): Promise<readonly string[]> {
  await admin.script('FLUSH');
  const monitor = await admin.monitor();
  const commands = new Set<string>();
  monitor.on('monitor', (_time: string, [name = '', ...args]: string[], source: string) => {
    if (source === 'lua') return;
    const command = name.toLowerCase();
    commands.add(
      ['client', 'config', 'script', 'acl'].includes(command) ? `${command}|${args[0]?.toLowerCase()}` : command,
    );
    // Every script is sent once as a text, of which a monitor shows line breaks as two characters, and which it takes for
    // several arguments. Where a command stands in a variable, it is one of two.
    if (command !== 'eval') return;
    const text = args.join(' ').replaceAll('\\n', '\n');
    for (const [, inner = ''] of text.matchAll(/\b(?:rcall|redis\.p?call)\(\s*["'](\w+)["']/g))
      commands.add(inner.toLowerCase());
    for (const [, inner = ''] of text.matchAll(/["']([LR]PUSH)["']/g)) commands.add(inner.toLowerCase());
  });
  try {
    await role();
    // What a monitor is told arrives in the order of the commands, and late.
    const told = new Promise<void>((resolve) => {
      monitor.on('monitor', (_time: string, [, word]: string[]) => word === 'enough' && resolve());
    });
    await Promise.all([told, admin.echo('enough')]);
    commands.delete('echo');
  } finally {
    monitor.disconnect();
  }
  return [...commands].sort();
}

describe('the users of Redis that docs/security.md describes', () => {
  const roles = ['producer', 'worker', 'dashboard'] as const;

  test('may do what their roles do, and nothing else', async () => {
    const server = await useRedisProcess();
    const left = await leftBehind(server.admin);
    let runs: readonly string[] = [];
    const produced = await commandsOf(server, async () => (runs = await produce(server.url, server.admin)));
    const worked = await commandsOf(server, () => work(server.url, [...runs, ...left.others]));
    const needed = {
      dashboard: await commandsOf(server, () => show(server.url, runs)),
      worker: worked,
      producer: [...new Set([...produced, ...(await commandsOf(server, () => operate(server.url, left)))])].sort(),
    };
    for (const role of roles) {
      const commands = needed[role].filter((command) => role !== 'dashboard' || !NEVER_OF_A_DASHBOARD.has(command));
      expect([role, redisUser(documents, role).commands]).toEqual([role, commands]);
    }
  });

  test('work, on keys of their prefix alone', async () => {
    const { admin, port } = await useRedisProcess();
    for (const role of roles) await admin.acl('SETUSER', role, ...redisUser(documents, role).rule, '>pw');
    const url = (role: (typeof roles)[number]) => `redis://${role}:pw@127.0.0.1:${port}`;
    const left = await leftBehind(admin);
    const runs = await produce(url('producer'), admin);
    await work(url('worker'), [...runs, ...left.others]);
    await show(url('dashboard'), runs);
    await operate(url('producer'), left);
    const denied = z.array(z.array(z.unknown())).parse(await admin.acl('LOG', 100));
    expect(denied.filter((entry) => !entry.some((part) => DISPENSABLE.has(String(part))))).toEqual([]);
    for (const role of roles) {
      const client = openRedis(url(role), 'producer', { log: silentLog });
      onTestFinished(() => client.disconnect());
      for (const attempt of [
        () => client.get('elsewhere'),
        () => client.flushall(),
        () => client.keys('*'),
        () => client.config('GET', 'requirepass'),
        () => client.call('ACL', 'WHOAMI'),
        () => client.shutdown(),
      ]) {
        await expect(attempt()).rejects.toThrow(/NOPERM|no permissions/);
      }
      if (role === 'dashboard') await expect(client.hset(`${PREFIX}:schema`, 'version', 2)).rejects.toThrow('NOPERM');
    }
  });
});
