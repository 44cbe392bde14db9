/** The crash test where it takes minutes: workflows that wait for people and programs, or have a pivot; a `find` that is wrong. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { DIST, place } from '../../acceptance/cli/cli-process.js';
import { redisUrl } from '../../support/redis.js';

const Report = z.object({
  cases: z.array(z.object({ step: z.string(), case: z.string(), result: z.string() })),
  findings: z.array(z.object({ step: z.string(), code: z.string() })),
});

const SLOW_MS = 180_000;

/** A file of workflows that wait, or have a pivot, each with its crash test; no tool is called, so that they are quick. */
async function asking() {
  const { run, folder } = await place({ redis: undefined });
  const url = (path: string) => JSON.stringify(new URL(path, `file://${DIST}/`).href);
  const file = join(folder, 'asking.mjs');
  await writeFile(
    file,
    `import { approval, defineCrashTest, defineFanOut, defineSaga, defineTask, signal } from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const any = z.any();
const task = (name) => defineTask({ name, input: any, output: any, idempotent: true, run: () => ({}) });
const nothing = () => ({});
const undo = [task('undo'), nothing];
const question = () => ({ question: 'May it?' });
const saga = (name) => defineSaga({ name, input: any }).step('one', task('one'), { with: nothing, undo });
const pivot = saga('pivot').step('two', task('two'), { with: nothing, pivot: true }).step('three', task('three'), { with: nothing, undo });
const asks = saga('asks').step('ok', approval(), { with: question }).step('two', task('two'), { with: nothing, undo });
const arrived = signal({ name: 'arrived', output: z.object({ at: z.number() }) });
const outside = saga('outside').step('ok', approval(), { with: question }).step('came', arrived, { with: nothing });
const fan = defineFanOut({ name: 'fan', input: any, branches: { yes: { run: approval(), with: question }, other: { run: task('other'), with: nothing } }, aggregate: nothing });
const test = (workflow, answers) => defineCrashTest({ workflow: workflow.returns?.(() => null) ?? workflow, input: {}, mcp: { mcpServers: {} }, answers });
export const crashTest = [
  test(pivot, {}), test(asks, { ok: 'approve' }), test(outside, { ok: 'approve', came: { at: 1 } }),
  test(fan, { yes: 'approve' }), test(saga('silent').step('ok', approval(), { with: question }), {}), test(saga('wrong'), { nobody: 1 }),
];
`,
  );
  const tested = (workflow: string, ...only: readonly string[]) => {
    const argv = ['crash-test', file, '--workflow', workflow, '--json', '--redis', redisUrl()];
    return run(only.length > 0 ? [...argv, '--only', ...only] : argv);
  };
  return { tested };
}

const TURNED = '(run) undo: undisturbed: compensated';

it.each([
  ['a pivot', 'pivot', [], [TURNED, 'one undo: after effect, before record: undone']],
  ['an approval', 'asks', ['ok'], [TURNED, 'ok undo: after a no: answered']],
  ['an approval and a signal', 'outside', ['ok', 'came'], [TURNED, 'came before being appended: answered']],
  ['an approval in a branch', 'fan', ['other'], ['(run) undisturbed: completed']],
])(
  'turns round, and answers, a workflow with %s',
  async (_what, workflow, only, expected) => {
    const { tested } = await asking();
    const { findings, cases } = Report.parse(JSON.parse((await tested(workflow, ...only)).out));
    expect(findings).toEqual([]);
    expect(cases.map(({ step, case: name, result }) => `${step} ${name}: ${result}`)).toEqual(
      expect.arrayContaining(expected),
    );
  },
  SLOW_MS,
);

it(
  'says which stage nobody answers, and which answer is to no question',
  async () => {
    const { tested } = await asking();
    const { findings } = Report.parse(JSON.parse((await tested('silent')).out));
    expect(findings.map(({ step, code }) => `${step} ${code}`)).toEqual(['ok NOT_ANSWERED']);
    const { code, err } = await tested('wrong');
    expect([code, err.replaceAll(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringContaining('has no approval or signal of this name'),
    ]);
  },
  SLOW_MS,
);

it(
  'finds a `find` that does not see the effect, one that sees what is not there, and an undo of what never happened',
  async () => {
    const { run, folder } = await place({ redis: undefined });
    const url = (path: string) => JSON.stringify(new URL(path, `file://${DIST}/`).href);
    const file = join(folder, 'finding.mjs');
    await writeFile(
      file,
      `import { defineCrashTest, defineSaga, mcpTask } from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
const send = mcpTask('shop.send_email');
const ask = mcpTask('shop.standing', { idempotent: true });
const take = mcpTask('shop.take_stock', { key: 'requestId' });
const putBack = mcpTask('shop.put_back');
const mail = () => ({ to: 'ada@example.com', subject: 'hello' });
const workflow = defineSaga({ name: 'finding', input: z.object({}) })
  .step('missed', send, { with: mail, find: [ask, ({ key }) => ({ of: key }), () => undefined] })
  .step('invented', send, { with: mail, find: [ask, ({ key }) => ({ of: key }), () => ({})] })
  .step('taken', take, {
    with: () => ({ sku: 'lamp', quantity: 1 }),
    undo: [putBack, ({ key }) => ({ sku: 'lamp', quantity: 1, taken: key })],
  })
  .returns(() => null);
export const crashTest = defineCrashTest({
  workflow,
  input: {},
  effects: async ({ step, key, call }) =>
    step === 'taken' ? (await call('shop.standing', { of: key })).standing : undefined,
  mcp: { mcpServers: { shop: {
    command: process.execPath,
    args: [${JSON.stringify(resolve('examples', 'crash-test', 'shop-server.mjs'))}, '\${SWITCHYARD_CRASH_TEST_DIR}'],
  } } },
});
`,
    );
    const { out } = await run(['crash-test', file, '--json', '--redis', redisUrl()]);
    const { cases, findings } = Report.parse(JSON.parse(out));
    expect(findings.map(({ step, code }) => `${step} ${code}`).sort()).toEqual([
      'invented FIND_INVENTED',
      'missed FIND_MISSED',
      'taken UNDO_OF_NOTHING',
    ]);
    const result = (step: string, name: string) => cases.find((one) => one.step === step && one.case === name)?.result;
    expect(result('missed', 'after effect, before record')).toBe('2 effects');
    expect(result('invented', 'after intent, before effect')).toBe('no effect');
    expect(result('taken', 'undo: after effect, before record')).toBe('asks a person');
  },
  SLOW_MS,
);
