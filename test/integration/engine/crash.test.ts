import { Redis } from 'ioredis';
import { describe, expect, type TestContext, test } from 'vitest';
import { switchyard } from '../../../src/engine/engine.js';
import type { Workflow } from '../../../src/orchestrators/definition.js';
import type { WorkerSettings } from '../../../src/worker-settings.js';
import { type CrashOrder, type CrashPoint, endOf, startCrashWorker } from '../../support/crash-order.js';
import { crashWorkflows, effectsOf } from '../../support/crash-workflows.js';
import { deletePrefix, redisUrl, testPrefix } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';

/** Locks that run out quickly: what is tested is what happens then, not how long it takes. */
const QUICK = { lockDurationMs: 600, lockRenewMs: 200, stalledIntervalMs: 200, graceMs: 500 };

interface Scene {
  readonly sy: ReturnType<typeof switchyard>;
  readonly redis: Redis;
  readonly prefix: string;
  readonly workflows: ReturnType<typeof crashWorkflows>;
  /** A worker process, killed at the end of the test if it still lives. */
  spawn(order: Pick<CrashOrder, 'point' | 'stage' | 'settings'>): ReturnType<typeof startCrashWorker>;
  /** Workers in this process, which do not crash. */
  work(settings?: Partial<WorkerSettings>): Promise<void>;
}

function scene({ onTestFinished }: TestContext): Scene {
  const [url, prefix] = [redisUrl(), testPrefix()];
  const redis = new Redis(url);
  const workflows = crashWorkflows(redis, prefix);
  const sy = switchyard({ connection: url, prefix, logger: silentLog, workflows: workflows.all });
  onTestFinished(async () => {
    await sy.close();
    await deletePrefix(prefix);
    redis.disconnect();
  });
  return {
    sy,
    redis,
    prefix,
    workflows,
    async spawn(order) {
      const child = await startCrashWorker({ url, prefix, ...order });
      onTestFinished(async () => {
        child.kill('SIGKILL');
        await endOf(child);
      });
      return child;
    },
    async work(settings = QUICK) {
      const workers = sy.workers(settings);
      onTestFinished(() => workers.stop());
      await workers.start();
    },
  };
}

/** Runs a workflow on a worker that dies at the point, then on one that does not. */
async function crash(at: Scene, workflow: Workflow, input: unknown, point: CrashPoint, stage?: string) {
  const run = await at.sy.start(workflow.name, input);
  const child = await at.spawn({ point, settings: QUICK, ...(stage !== undefined && { stage }) });
  expect(await endOf(child)).toBe('SIGKILL');
  await at.work();
  return { run, ended: await run.wait('15s') };
}

/**
 * Each point costs a process. Every run of the tests takes one of each kind; `CRASH_POINTS=all` takes them all, as the
 * lane at length does.
 */
function points<T>(chosen: readonly T[], more: readonly T[]): readonly T[] {
  return process.env.CRASH_POINTS === 'all' ? [...chosen, ...more] : chosen;
}

/** Stages in the order in which their effect first happened, each with how often and with which keys and arguments. */
async function happened(at: Scene) {
  const effects = await effectsOf(at.redis, at.prefix);
  const stages = [...new Set(effects.map((effect) => effect.stage))];
  return stages.map((stage) => {
    const own = effects.filter((effect) => effect.stage === stage);
    return {
      stage,
      times: own.length,
      keys: [...new Set(own.map((effect) => effect.key))],
      args: [...new Set(own.map((effect) => JSON.stringify(effect.args)))],
    };
  });
}

describe.concurrent('a worker that is killed', () => {
  test.for(
    points<[CrashPoint, string, number]>(
      [
        ['before-intent', 'two', 1],
        ['after-intent', 'two', 1],
        ['after-effect', 'two', 2],
        ['after-done', 'two', 1],
        ['after-append', 'three', 1],
        ['before-end', '', 1],
      ],
      [
        ['before-done', 'two', 2],
        ['after-end', '', 1],
      ],
    ),
  )(
    'going forward, %s %s: the saga completes, in order, each effect under one key',
    async ([point, stage, times], context) => {
      const at = scene(context);
      const { run, ended } = await crash(at, at.workflows.saga, { fail: false }, point, stage);
      expect(ended).toMatchObject({
        status: 'completed',
        output: { status: 'completed', done: ['one', 'two', 'three'] },
        timeline: [{ name: 'one' }, { name: 'two' }, { name: 'three' }],
      });
      expect(ended.timeline.map((entry) => entry.attempts.filter((attempt) => !attempt.error).length)).toEqual([
        1, 1, 1,
      ]);
      const key = (name: string) => [`${run.id}/${name}/1`];
      expect(await happened(at)).toEqual([
        { stage: 'one', times: 1, keys: key('one'), args: ['1'] },
        { stage: 'two', times, keys: key('two'), args: ['2'] },
        { stage: 'three', times: 1, keys: key('three'), args: ['false'] },
      ]);
    },
  );

  test.for(
    points<[CrashPoint, string, number]>(
      [
        ['after-failure', 'three', 1],
        ['after-append', 'three.undo', 1],
        ['after-effect', 'two.undo', 2],
        ['after-done', 'two.undo', 1],
        ['after-end', '', 1],
      ],
      [
        ['before-failure', 'three', 1],
        ['before-append', 'three.undo', 1],
        ['before-intent', 'two.undo', 1],
        ['after-intent', 'two.undo', 1],
        ['after-append', 'one.undo', 1],
        ['before-end', '', 1],
      ],
    ),
  )(
    '[P4] on the way back, %s %s: every undo that is due is done, in reverse, with what was stored',
    async ([point, stage, times], context) => {
      const at = scene(context);
      const { run, ended } = await crash(at, at.workflows.saga, { fail: true }, point, stage);
      expect(ended).toMatchObject({ status: 'compensated', error: { step: 'three', message: 'three is refused' } });
      const step = (name: string) => ({ stage: name, times: 1, keys: [`${run.id}/${name}/1`] });
      const undone = (name: string) => ({
        stage: `${name}.undo`,
        times: `${name}.undo` === stage ? times : 1,
        keys: [`${run.id}/${name}.undo/1`],
        args: [JSON.stringify({ undoes: `${run.id}/${name}/1` })],
      });
      expect(await happened(at)).toMatchObject([
        step('one'),
        step('two'),
        undone('three'),
        undone('two'),
        undone('one'),
      ]);
    },
  );

  test.for(
    points<[CrashPoint, string]>(
      [['after-decision', '']],
      [
        ['before-decision', ''],
        ['before-end', ''],
      ],
    ),
  )('while routing, %s: the run has one decision and one answer', async ([point, stage], context) => {
    const at = scene(context);
    const { ended } = await crash(at, at.workflows.router, {}, point, stage);
    expect(ended).toMatchObject({ status: 'completed' });
    const effects = await happened(at);
    expect(effects).toMatchObject([{ times: 1 }]);
    expect(ended).toMatchObject({ output: { route: effects[0]?.stage, result: `${effects[0]?.stage} done` } });
  });

  test.for(
    points<[CrashPoint, string, number]>(
      [['after-append', 'item.0', 120]],
      [
        ['before-append', 'item.0', 120],
        ['after-effect', 'item.7', 30],
        ['before-end', '', 30],
      ],
    ),
  )('in a fan-out, %s %s: one outcome for each branch, in order', async ([point, stage, count], context) => {
    const at = scene(context);
    const { ended } = await crash(at, at.workflows.fanOut, { count }, point, stage);
    expect(ended).toMatchObject({
      status: 'completed',
      output: Array.from({ length: count }, (_, i) => `item.${i} done`),
    });
    expect((await happened(at)).every(({ keys }) => keys.length === 1)).toBe(true);
  });

  test('with the default settings, the run goes on within ten seconds', async (context) => {
    const at = scene(context);
    const run = await at.sy.start(at.workflows.saga, { fail: false });
    const child = await at.spawn({ point: 'after-effect', stage: 'two', settings: {} });
    expect(await endOf(child)).toBe('SIGKILL');
    const from = performance.now();
    await at.work({ graceMs: 500 });
    expect(await run.wait('15s')).toMatchObject({ status: 'completed' });
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  test('[P2] or only frozen past its lock, finds its late record refused', async (context) => {
    const at = scene(context);
    const run = await at.sy.start(at.workflows.saga, { fail: false });
    const child = await at.spawn({ point: 'hold', stage: 'two', settings: QUICK });
    await context.expect.poll(async () => (await effectsOf(at.redis, at.prefix)).length, { timeout: 10_000 }).toBe(2);
    child.kill('SIGSTOP');
    await at.work();
    const ended = await run.wait('15s');
    expect(ended).toMatchObject({ status: 'completed', output: { done: ['one', 'two', 'three'] } });
    const before = await run.describe();
    // In this order: its first turn then hears that it may go on, and records, before it hears that its lock is lost.
    await at.redis.rpush(`${at.prefix}-go`, 'go');
    child.kill('SIGCONT');
    const finished = async () =>
      (await at.redis.lrange(`${at.prefix}-finished`, 0, -1)).map((line) => JSON.parse(line));
    await context.expect.poll(finished, { timeout: 10_000 }).toEqual([
      { stage: 'one', kind: 'recorded' },
      { stage: 'two', kind: 'fenced-off' },
    ]);
    expect(await run.describe()).toEqual(before);
    expect(await happened(at)).toMatchObject([
      { stage: 'one', times: 1 },
      { stage: 'two', times: 2, keys: [`${run.id}/two/1`] },
      { stage: 'three', times: 1 },
    ]);
  });
});
