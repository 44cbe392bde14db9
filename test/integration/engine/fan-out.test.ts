import { expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

const refuse = task('refuse', () => {
  throw new PermanentError('it never works');
});

const outputs = (results: object) => results;

test('named branches run side by side and their results come back by name', async () => {
  const upper = task('upper', (input) => String(input).toUpperCase());
  const size = task('size', (input) => String(input).length, { queue: 'sizes' });
  const flow = defineFanOut({
    name: 'names',
    input: z.object({ word: z.string() }),
    branches: { upper: { run: upper, with: (i) => i.word }, size: { run: size, with: (i) => i.word } },
    aggregate: (r, { input }) => ({ word: input.word, upper: r.upper, size: r.size }),
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { word: 'tea' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: {
      word: 'tea',
      upper: { state: 'completed', output: 'TEA' },
      size: { state: 'completed', output: 3 },
    },
    timeline: [
      { name: 'upper', kind: 'branch', state: 'completed', attempts: [{ n: 1 }] },
      { name: 'size', kind: 'branch', state: 'completed', attempts: [{ n: 1 }] },
    ],
  });
});

const each = (name: string, run = task('double', (input) => Number(input) * 2)) =>
  defineFanOut({
    name,
    input: z.object({ items: z.array(z.unknown()) }),
    each: run,
    split: (i) => i.items,
    aggregate: (results) => results.map((result) => (result.state === 'completed' ? result.output : result.state)),
  });

test('a list wider than one page of jobs comes back whole and in order', async () => {
  const flow = each('list');
  const { sy } = await useWorkingEngine([flow]);
  const items = Array.from({ length: 250 }, (_, i) => i);
  const run = await sy.start(flow, { items });
  expect(await run.wait('15s')).toMatchObject({ status: 'completed', output: items.map((i) => i * 2) });
});

test('a list of a few is appended with the run itself', async () => {
  const flow = each('list');
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { items: [3, 1, 2] });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: [6, 2, 4] });
});

test('an empty list completes with nothing', async () => {
  const flow = each('list');
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { items: [] });
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: [], timeline: [] });
});

test('a list with more items than a run may have is refused before anything is stored', async () => {
  const flow = each('list');
  const { sy } = useEngine([flow]);
  await expect(sy.start(flow, { items: Array.from({ length: 10_001 }, () => 0) })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('10001 items; at most 10000'),
  });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('one item of a wide list that makes too large a job fails the run, which still ends', async () => {
  const flow = defineFanOut({
    name: 'swollen',
    input: z.object({ count: z.number() }),
    each: task('take'),
    split: (i) => Array.from({ length: i.count }, (_, at) => (at === i.count - 1 ? 'x'.repeat(200_000) : at)),
    aggregate: outputs,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { count: 150 });
  expect(await run.wait('5s')).toMatchObject({ status: 'failed', error: { code: 'TOO_LARGE', step: 'item.149' } });
});

test('a run that skips every branch completes and says why', async () => {
  const flow = defineFanOut({
    name: 'idle',
    input: anyInput,
    branches: { a: { run: task('a'), with: (i) => i, when: () => 'not asked' } },
    aggregate: outputs,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { a: { state: 'skipped', reason: 'not asked' } },
    timeline: [{ name: 'a', state: 'skipped', reason: 'not asked' }],
  });
});

test('[P6] a branch that fails for good leaves the others their results: partial', async () => {
  const flow = defineFanOut({
    name: 'half',
    input: anyInput,
    branches: { good: { run: task('good', () => 1), with: (i) => i }, bad: { run: refuse, with: (i) => i } },
    aggregate: outputs,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'partial',
    output: {
      good: { state: 'completed', output: 1 },
      bad: { state: 'failed', error: { code: 'TASK_FAILED', message: 'it never works', step: 'bad' } },
    },
  });
});

test('a run whose branches all fail is failed, and names the first', async () => {
  const flow = defineFanOut({
    name: 'none',
    input: anyInput,
    branches: { one: { run: refuse, with: (i) => i }, two: { run: refuse, with: (i) => i } },
    aggregate: outputs,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'ALL_BRANCHES_FAILED', message: expect.stringContaining('it never works'), step: 'one' },
    output: { one: { state: 'failed' }, two: { state: 'failed' } },
  });
});

test('an aggregate that throws fails the run and says that the definition is at fault', async () => {
  const flow = defineFanOut({
    name: 'clumsy',
    input: anyInput,
    branches: { a: { run: task('a'), with: (i) => i } },
    aggregate: () => {
      throw new Error('no such field');
    },
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('no such field') },
  });
});

test('an input that a branch cannot be made from is refused at start', async () => {
  const flow = defineFanOut({
    name: 'unplanned',
    input: anyInput,
    branches: {
      a: {
        run: task('a'),
        with: () => {
          throw new Error('no city');
        },
      },
    },
    aggregate: outputs,
  });
  const { sy } = useEngine([flow]);
  await expect(sy.start(flow, {})).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('no city'),
  });
  expect(await sy.list()).toEqual({ runs: [] });
});

test('a branch that fails once is tried again, and its timeline shows both attempts', async () => {
  const flaky = task('flaky', (_input, { attempt }) => {
    if (attempt === 1) throw new Error('first\nthen a second line');
    return attempt;
  });
  const flow = defineFanOut({
    name: 'again',
    input: anyInput,
    branches: { flaky: { run: flaky, with: (i) => i } },
    aggregate: (r) => r.flaky,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { state: 'completed', output: 2 },
    timeline: [{ attempts: [{ n: 1, error: { code: 'TASK_FAILED' } }, { n: 2 }] }],
  });
});

test('a definition that throws while some branches still run ends the run, and its root is not left active', async () => {
  let planned = 0;
  const flow = defineFanOut({
    name: 'fickle',
    input: anyInput,
    branches: {
      a: {
        run: task('a'),
        with: () => 1,
        when: () => {
          planned += 1;
          if (planned > 1) throw new Error('changed its mind');
          return true;
        },
      },
    },
    aggregate: outputs,
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('changed its mind') },
  });
});
