/** The command as its users start it: compiled, with workers that are really killed. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../../src/adapters/redis.js';
import { DIST, place } from '../acceptance/cli/cli-process.js';
import { keysOf, redisUrl } from '../support/redis.js';
import { useOwnRedis } from '../support/redis-server.js';
import { silentLog } from '../support/silent-log.js';

const Report = z.object({
  workflow: z.string(),
  ok: z.boolean(),
  cases: z.array(
    z.object({ step: z.string(), case: z.string(), result: z.string(), verdict: z.enum(['ok', 'trusted', 'failed']) }),
  ),
  findings: z.array(z.object({ step: z.string(), code: z.string(), remedy: z.string(), cases: z.array(z.string()) })),
  totals: z.object({ cases: z.int(), failed: z.int(), crashes: z.int(), workersKilled: z.int() }),
});

const LATE = 'undo, then the late call arrives';

const SLOW_MS = 180_000;

async function crashTest(...args: readonly string[]) {
  const { run } = await place({ redis: undefined });
  const ended = await run(['crash-test', ...args, '--json', '--redis', redisUrl()]);
  expect(ended.err).toBe('');
  return { code: ended.code, report: Report.parse(JSON.parse(ended.out)) };
}

const example = (name: string) => resolve('examples', 'crash-test', name);

describe('crash-test', () => {
  it(
    '[P3] finds each of the four mistakes of the example, and says how to mend it',
    async () => {
      const { code, report } = await crashTest(example('with-mistakes.ts'));
      expect(code).toBe(1);
      expect(report.findings.map(({ step, code: finding, remedy }) => [step, finding, remedy])).toEqual([
        ['payment', 'KEY_CHANGES', '`requestId` changes with each attempt: derive it from input and key'],
        ['email', 'NO_KEY', 'no key: add key:, find:, or mark unsafe'],
        ['stock', 'UNDO_REPEATS', 'the undo is done twice: give it a key, or a tool that undoes once'],
        ['label', 'UNDO_NEEDS_OUTPUT', 'the undo needs `output`: derive its arguments from input and key'],
      ]);
      const seen = (step: string) => report.findings.find((one) => one.step === step)?.cases;
      for (const step of ['payment', 'email']) {
        expect(seen(step)).toEqual(
          expect.arrayContaining(['after effect, before record', 'while the tool answers', 'answer lost, retried']),
        );
      }
      expect(seen('stock')?.every((name) => name.startsWith('undo: '))).toBe(true);
      expect(seen('label')).toEqual(['undo after a lost answer', 'undo of what never happened', LATE]);
      expect(report.totals.crashes).toBeGreaterThanOrEqual(50);
    },
    SLOW_MS,
  );

  it(
    'passes the same workflow with the four remedies, counted by the shop itself, and leaves nothing behind',
    async () => {
      const { code, report } = await crashTest(example('mended.ts'), '--strict');
      expect(report.findings).toEqual([]);
      expect({ code, ok: report.ok, failed: report.totals.failed }).toEqual({ code: 0, ok: true, failed: 0 });
      expect(report.cases.every(({ verdict }) => verdict === 'ok')).toBe(true);
      expect(report.cases.length).toBeGreaterThan(70);
    },
    SLOW_MS,
  );

  it(
    'passes the shipped order, of which the lane at length takes every step',
    async () => {
      const only = process.env.CRASH_POINTS === 'all' ? [] : ['--only', 'charge_payment'];
      const { code, report } = await crashTest('order', ...only);
      expect(report.findings).toEqual([]);
      expect(code).toBe(0);
      const payment = report.cases.filter(({ step }) => step === 'charge_payment');
      expect(payment.length).toBeGreaterThanOrEqual(20);
      expect(payment.find(({ case: name }) => name === LATE)?.result).toBe('no effect');
      expect(await keysOf('{sy-crash-')).toEqual([]);
    },
    SLOW_MS,
  );

  it(
    'says what happens to code that nothing is declared about, in a saga and in a branch',
    async () => {
      const { run, folder } = await place({ redis: undefined });
      const url = (path: string) => JSON.stringify(new URL(path, `file://${DIST}/`).href);
      const file = join(folder, 'mine.mjs');
      await writeFile(
        file,
        `import { defineCrashTest, defineFanOut, defineSaga, defineTask } from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const any = z.object({}).loose();
const task = (name, more) => defineTask({ name, input: any, output: any, run: () => ({}), ...more });
const saga = defineSaga({ name: 'saga', input: any })
  .step('declared', task('declared', { key: true }), { with: () => ({}) })
  .step('undeclared', task('undeclared'), { with: () => ({}) })
  .returns(() => null);
const fan = defineFanOut({
  name: 'fan', input: any, aggregate: () => null,
  branches: { undeclared: { run: task('undeclared'), with: () => ({}) } },
});
export const crashTest = [saga, fan].map((workflow) => defineCrashTest({ workflow, input: {}, mcp: { mcpServers: {} } }));
`,
      );
      const tested = async (workflow: string) => {
        const { out } = await run(['crash-test', file, '--workflow', workflow, '--json', '--redis', redisUrl()]);
        const { cases } = Report.parse(JSON.parse(out));
        const about = cases.filter((one) => one.case === 'after effect, before record');
        return Object.fromEntries(about.map(({ step, result, verdict }) => [step, `${result}: ${verdict}`]));
      };
      expect(await tested('saga')).toEqual({
        declared: 'ran 2 times: trusted',
        undeclared: 'asks a person: ok',
      });
      expect(await tested('fan')).toEqual({ undeclared: 'left in doubt: ok' });
    },
    SLOW_MS,
  );

  it(
    'finds a tool that lets a call take effect which comes after its undo',
    async () => {
      const { run, folder } = await place({ redis: undefined });
      const url = (path: string) => JSON.stringify(new URL(path, `file://${DIST}/`).href);
      const file = join(folder, 'late.mjs');
      await writeFile(
        file,
        `import { defineCrashTest, defineSaga, mcpTask } from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const take = mcpTask('shop.take_stock', { key: 'requestId' });
const putBack = mcpTask('shop.put_back', { key: 'requestId' });
const lamp = { sku: 'lamp', quantity: 1 };
const saga = (name) => defineSaga({ name, input: z.object({}) })
  .step('lamp', take, { with: () => lamp, undo: [putBack, ({ key }) => ({ ...lamp, taken: key })] })
  .returns(() => null);
const mcp = (...more) => ({ mcpServers: { shop: {
  command: process.execPath,
  args: [${JSON.stringify(example('shop-server.mjs'))}, '\${SWITCHYARD_CRASH_TEST_DIR}', ...more],
} } });
const effects = async ({ key, call }) => (await call('shop.standing', { of: key })).standing;
export const crashTest = [
  defineCrashTest({ workflow: saga('asked'), input: {}, effects, mcp: mcp('forgetful') }),
];
`,
      );
      const findings = async (workflow: string) => {
        const argv = ['crash-test', file, '--workflow', workflow, '--only', 'lamp', '--json', '--redis', redisUrl()];
        const report = Report.parse(JSON.parse((await run(argv)).out));
        return report.findings.map(({ step, code, cases }) => `${step} ${code}: ${cases.join(', ')}`);
      };
      expect(await findings('asked')).toEqual([`lamp LATE_EFFECT: ${LATE}`]);
    },
    SLOW_MS,
  );

  it(
    'leaves nothing in a Redis that it is given, not even where other prefixes keep their version',
    async () => {
      const { url } = await useOwnRedis();
      const { run } = await place({ redis: undefined });
      const { code, err } = await run(['crash-test', 'support', '--only', '(run)', '--json', '--redis', url]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const redis = openRedis(url, 'producer', { log: silentLog });
      expect(await redis.keys('*')).toEqual([]);
      redis.disconnect();
    },
    SLOW_MS,
  );

  it(
    'leaves nothing behind when it breaks off either, though its runs were still going',
    async () => {
      const { url } = await useOwnRedis();
      const redis = openRedis(url, 'producer', { log: silentLog });
      // What a Redis in use holds besides: to look through it takes a while, in which a worker could write again.
      await redis.eval("for at = 1, 300000 do redis.call('SET', 'others:' .. at, '') end", 0);
      const { run, folder } = await place({ redis: undefined });
      const module = (path: string) => JSON.stringify(new URL(path, `file://${DIST}/`).href);
      const file = join(folder, 'broken.mjs');
      await writeFile(
        file,
        `import { defineCrashTest, defineSaga, defineTask } from ${module('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
import { setTimeout as delay } from 'node:timers/promises';
const any = z.object({}).loose();
const slowly = (ms) => async () => {
  await delay(ms);
  return {};
};
const task = (name, ms) => defineTask({ name, input: any, output: any, key: true, run: slowly(ms) });
const workflow = defineSaga({ name: 'broken', input: any })
  .step('quick', task('quick', 0), { with: () => ({}), undo: [task('slow', 50), () => ({})] })
  .step('quicker', task('quicker', 0), { with: () => ({}), undo: [task('slower', 50), () => ({})] })
  .returns(() => null);
let asked = 0;
const effects = () => {
  asked += 1;
  if (asked > 6) throw new Error('the sandbox is away');
};
export const crashTest = defineCrashTest({ workflow, input: {}, effects, mcp: { mcpServers: {} } });
`,
      );
      const { code, err } = await run(['crash-test', file, '--json', '--redis', url]);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('the sandbox is away') });
      expect(await redis.keys('{sy-*')).toEqual([]);
      redis.disconnect();
    },
    SLOW_MS,
  );

  it(
    'refuses what it cannot test, and says what it could',
    async () => {
      const { run } = await place({ redis: undefined });
      const refused = async (...args: readonly string[]) => {
        const { code, err } = await run(['crash-test', ...args, '--redis', redisUrl()]);
        return `${code}: ${err.replaceAll(/\s+/g, ' ')}`;
      };
      expect(await refused('nowhere.ts')).toMatch(/^2: .*There is no file nowhere.ts/);
      expect(await refused('order', '--input', '{}')).toMatch(/^2: .*the input of workflow "order" is refused/);
      expect(await refused('support', '--only', 'nothing')).toMatch(/^2: .*--only names "nothing"/);
    },
    SLOW_MS,
  );
});
