/** Commands that wait for a run, while its Redis goes and comes back. */
import pc from 'picocolors';
import { expect, onTestFinished, test } from 'vitest';
import { enqueue } from '../../../src/cli/commands/enqueue.js';
import { runs } from '../../../src/cli/commands/runs.js';
import { readSettings } from '../../../src/cli/settings.js';
import { switchyard } from '../../../src/engine/engine.js';
import { shippedWorkflows } from '../../../src/workflows/index.js';
import type { FaultRedis } from '../../support/faults/fault-redis.js';
import { useFaultRedis } from '../../support/faults/use-fault-redis.js';
import { silentLog } from '../../support/silent-log.js';

function recorder(isTty: boolean) {
  const written: string[] = [];
  const screen = {
    write: (text: string) => void written.push(text),
    ...{ isTty, columns: 100, rows: 24, colors: pc.createColors(false) },
  };
  return { screen, text: () => written.join('') };
}

/** One command on this Redis, with the shipped workflows. */
function command(redis: FaultRedis, { isTty = false, json = false } = {}) {
  const [out, err] = [recorder(isTty), recorder(false)];
  const settings = readSettings({ redis: redis.url, json }, {});
  return { out, err, settings, terminal: { out: out.screen, err: err.screen } };
}

function open(redis: FaultRedis) {
  const sy = switchyard({ connection: redis.url, workflows: shippedWorkflows, logger: silentLog });
  onTestFinished(() => sy.close());
  return sy;
}

const QUERY = { workflow: 'support', input: '{"query":"hello"}' };

test('enqueue --wait names the run first, also on a terminal, and outlives a restart of Redis', async () => {
  const redis = await useFaultRedis();
  const { out, err, settings, terminal } = command(redis, { isTty: true });
  const code = enqueue(settings, { ...QUERY, wait: true }, terminal);
  await expect.poll(out.text).toMatch(/^support-0-\w+ {2}accepted\n/);
  await redis.kill();
  await expect.poll(err.text, { timeout: 10_000 }).toContain('Redis does not answer');
  await redis.start();
  const workers = open(redis).workers({ graceMs: 500 });
  onTestFinished(() => workers.stop());
  await workers.start();
  expect(await code).toBe(0);
});

test('enqueue whose limit comes in an outage says that the run goes on, with its id', async () => {
  const redis = await useFaultRedis();
  const { out, err, settings, terminal } = command(redis);
  const code = enqueue(settings, { ...QUERY, wait: '3s' }, terminal);
  await expect.poll(out.text).toContain('accepted');
  redis.freeze();
  expect(await code).toBe(5);
  expect(err.text()).toContain(`switchyard show ${out.text().split(' ')[0]}`);
  redis.thaw();
});

test('enqueue that was not answered names a key by which there is only one run', async () => {
  const redis = await useFaultRedis();
  await open(redis).ready();
  await redis.config('min-replicas-to-write', '1');
  const { settings, terminal } = command(redis);
  const refused = enqueue(settings, QUERY, terminal);
  await expect(refused).rejects.toMatchObject({
    code: 'REDIS_UNAVAILABLE',
    message: expect.stringMatching(/enqueue it again with --key [\w-]{36},/),
  });
});

test('the command for the next page asks what was asked, as it has to be typed', async () => {
  const redis = await useFaultRedis();
  const sy = open(redis);
  const tags = { customer: "O'Neil & sons" };
  for (let n = 0; n < 2; n += 1) await sy.start('support', { query: 'hello' }, { tags });
  await sy.start('support', { query: 'hello' });
  const { out, settings, terminal } = command(redis);
  await runs(settings, { status: 'open', tag: "customer=O'Neil & sons", limit: '1' }, terminal);
  expect(out.text()).toMatch(
    /More: switchyard runs --status open --tag 'customer=O'\\''Neil & sons' --limit 1 --cursor \d+_support-0-\w+\n/,
  );
});
