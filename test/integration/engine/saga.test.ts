import { expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError, RetryAfterError, SwitchyardError } from '../../../src/errors.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

/** What tasks did, in order. */
type Diary = string[];

const note = (diary: Diary, line: string, output: unknown = line) =>
  task(line, () => {
    diary.push(line);
    return output;
  });

const fail = (diary: Diary, line: string, error: () => Error = () => new PermanentError(`${line} is impossible`)) =>
  task(line, () => {
    diary.push(line);
    throw error();
  });

test('a saga runs its steps in order, each seeing the outputs before it', async () => {
  const add = task('add', (i) => Number(i) + 1);
  const flow = defineSaga({ name: 'sums', input: z.object({ from: z.number() }) })
    .step('one', add, { with: ({ input }) => input.from })
    .step('two', add, { with: ({ done }) => done.one })
    .step('three', add, { with: ({ done }) => Number(done.one) + Number(done.two) })
    .returns((done, summary) => ({ ...done, status: summary.status, executed: summary.executed }));
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { from: 1 });
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { one: 2, two: 3, three: 6, status: 'completed', executed: ['one', 'two', 'three'] },
    timeline: [
      { name: 'one', state: 'completed' },
      { name: 'two', state: 'completed' },
      { name: 'three', state: 'completed' },
    ],
  });
});

test('a step that fails in passing is tried again after its backoff, with the same key', async () => {
  const keys: string[] = [];
  const times: number[] = [];
  const flaky = task(
    'flaky',
    (_i, { key }) => {
      keys.push(key);
      times.push(performance.now());
      if (keys.length < 3) throw new Error('busy');
      return 'ok';
    },
    { attempts: 3, backoff: { initial: 40, factor: 2, jitter: 0 } },
  );
  const flow = defineSaga({ name: 'patient', input: anyInput })
    .step('flaky', flaky, { with: () => 1 })
    .returns((_done, summary) => summary.retries);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: 2,
    timeline: [{ attempts: [{ n: 1, error: { message: 'busy' } }, { n: 2 }, { n: 3 }] }],
  });
  expect(new Set(keys)).toEqual(new Set([`${run.id}/flaky/1`]));
  const [first = 0, second = 0, third = 0] = times;
  expect(second - first).toBeGreaterThanOrEqual(38);
  expect(third - second).toBeGreaterThanOrEqual(78);
});

test('a task that asks for more time gets it', async () => {
  const times: number[] = [];
  const flaky = task('flaky', () => {
    times.push(performance.now());
    if (times.length === 1) throw new RetryAfterError('come back later', 300);
    return 'ok';
  });
  const flow = defineSaga({ name: 'later', input: anyInput })
    .step('flaky', flaky, { with: () => 1 })
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  await (await sy.start(flow, {})).wait('10s');
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(290);
});

test('a permanent failure is not tried again; what may have happened is undone in reverse with what was stored', async () => {
  const diary: Diary = [];
  const undo = (name: string) =>
    task(`undo.${name}`, (args) => {
      diary.push(`undo ${name} ${JSON.stringify(args)}`);
    });
  const flow = defineSaga({ name: 'order', input: z.object({ id: z.string() }) })
    .step('stock', note(diary, 'stock', { reservation: 7 }), {
      with: () => 1,
      undo: [undo('stock'), ({ input, output }) => ({ id: input.id, known: output })],
    })
    .step('mail', note(diary, 'mail'), { with: () => 1 })
    .step('payment', fail(diary, 'payment'), {
      with: () => 1,
      undo: [undo('payment'), ({ key, output }) => ({ key, known: output ?? null })],
    })
    .step('label', note(diary, 'label'), { with: () => 1, undo: [undo('label'), () => 1] })
    .returns((done, { status, failed, undone, executed, retries }) => ({
      done: Object.keys(done),
      status,
      failed,
      undone,
      executed,
      retries,
    }));
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { id: 'o1' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    error: { code: 'TASK_FAILED', message: 'payment is impossible', step: 'payment' },
    output: {
      done: ['stock', 'mail'],
      status: 'compensated',
      failed: ['payment'],
      undone: ['payment', 'stock'],
      executed: ['stock', 'mail'],
      retries: 0,
    },
    timeline: [
      { name: 'stock', kind: 'step' },
      { name: 'mail' },
      { name: 'payment', state: 'failed' },
      { name: 'payment.undo', kind: 'undo', state: 'completed' },
      { name: 'stock.undo', kind: 'undo', state: 'completed' },
    ],
  });
  expect(diary).toEqual([
    'stock',
    'mail',
    'payment',
    `undo payment {"key":"${run.id}/payment/1","known":null}`,
    'undo stock {"id":"o1","known":{"reservation":7}}',
  ]);
});

test('an undo that cannot do without the output is refused before its effect, and says so', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'needy', input: anyInput })
    .step(
      'pay',
      task('pay', () => diary.push('paid')),
      {
        with: () => 1,
        undo: [
          note(diary, 'undo'),
          ({ output }) => {
            if (output === undefined) throw new Error('which charge?');
            return output;
          },
        ],
      },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    error: {
      code: 'INVALID_DEFINITION',
      step: 'pay',
      message: expect.stringMatching(/step "pay": "undo" threw: which charge\?.*from the input and the key/),
    },
  });
  expect(diary).toEqual([]);
});

test('a saga whose `returns` throws at the end is undone, for nobody would get its result', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'speechless', input: anyInput })
    .step('one', note(diary, 'one'), { with: () => 1, undo: [note(diary, 'undo one'.replace(' ', '-')), () => 1] })
    .step('two', note(diary, 'two'), { with: () => 1, undo: [note(diary, 'undo-two'), () => 1] })
    .returns((_done, { status, retries }) => {
      if (status === 'completed') throw new Error('no words');
      return { status, retries };
    });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    output: { status: 'compensated', retries: 0 },
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('no words') },
  });
  expect(diary).toEqual(['one', 'two', 'undo-two', 'undo-one']);
});

const lost = (message = 'no answer') => new SwitchyardError('TOOL_TIMEOUT', message, { answered: false });

test('[P3] an unsafe effect whose answer was lost is put before a person, once, and wait() returns with it', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'doubtful', input: anyInput })
    .step('before', note(diary, 'before'), { with: () => 1, undo: [note(diary, 'undo-before'), () => 1] })
    .step(
      'pay',
      fail(diary, 'pay', () => lost()),
      { with: () => 1, undo: [note(diary, 'undo-pay'), () => 1] },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  const now = await run.wait('10s');
  expect(now).toMatchObject({
    status: 'in_doubt',
    error: { code: 'IN_DOUBT' },
    timeline: [
      { name: 'before', state: 'completed' },
      { name: 'pay', state: 'failed', attempts: [{ n: 1, error: { code: 'IN_DOUBT' } }] },
      { name: 'pay.attention', kind: 'attention', state: 'waiting' },
    ],
  });
  expect(diary).toEqual(['before', 'pay']);
  expect(await sy.list({ status: 'in_doubt' })).toMatchObject({ runs: [{ id: run.id, status: 'in_doubt' }] });
});

test('a doubt whose reason has several lines is a doubt all the same', async () => {
  const flow = defineSaga({ name: 'longwinded', input: anyInput })
    .step(
      'pay',
      fail([], 'pay', () => lost('no answer; its last words:\nsegmentation fault\n')),
      { with: () => 1 },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'in_doubt' });
});

test('a keyed effect whose answer was lost is repeated with the same key', async () => {
  const keys: string[] = [];
  const pay = task(
    'pay',
    (_i, { key }) => {
      keys.push(key);
      if (keys.length === 1) throw lost();
      return 'paid';
    },
    { key: true },
  );
  const flow = defineSaga({ name: 'keyed', input: anyInput })
    .step('pay', pay, { with: () => 1 })
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { pay: 'paid' } });
  expect(keys).toEqual([`${run.id}/pay/1`, `${run.id}/pay/1`]);
});

test('where a tool can be asked, an effect that is found is not repeated', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'found', input: anyInput })
    .step(
      'pay',
      fail(diary, 'pay', () => lost()),
      {
        with: () => 1,
        find: [task('ask', (args) => args), ({ key }) => ({ charge: key }), (answer) => answer],
      },
    )
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { pay: { charge: `${run.id}/pay/1` } },
  });
  expect(diary).toEqual(['pay']);
});

test('where a tool can be asked, an effect that is not found is repeated', async () => {
  const diary: Diary = [];
  const pay = task('pay', () => {
    diary.push('pay');
    if (diary.length === 1) throw lost();
    return 'paid';
  });
  const flow = defineSaga({ name: 'missing', input: anyInput })
    .step('pay', pay, { with: () => 1, find: [note(diary, 'ask'), () => 1, () => undefined] })
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { pay: 'paid' } });
  expect(diary).toEqual(['pay', 'ask', 'pay']);
});

test('[P3] while the tool cannot be asked, an unsafe effect whose answer was lost is never repeated', async () => {
  const diary: Diary = [];
  const ask = task('ask', () => {
    diary.push('ask');
    // The tool's own word, so this attempt is not itself one whose answer was lost.
    if (diary.filter((line) => line === 'ask').length === 1) throw new Error('the service is busy');
    return 'receipt';
  });
  const flow = defineSaga({ name: 'asking', input: anyInput })
    .step(
      'pay',
      fail(diary, 'pay', () => lost()),
      { with: () => 1, find: [ask, () => 1, (answer) => answer] },
    )
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { pay: 'receipt' } });
  expect(diary).toEqual(['pay', 'ask', 'ask']);
});

test('[P4] an undo that fails for good leaves the run stuck before a person, never compensated', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'stuck', input: anyInput })
    .step('first', note(diary, 'first'), { with: () => 1, undo: [note(diary, 'undo-first'), () => 1] })
    .step('second', note(diary, 'second'), { with: () => 1, undo: [fail(diary, 'undo-second'), () => 1] })
    .step('third', fail(diary, 'third'), { with: () => 1 })
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensation_stuck',
    error: { step: expect.stringMatching(/\.undo$/) },
    timeline: [
      { name: 'first' },
      { name: 'second' },
      { name: 'third', state: 'failed' },
      { name: 'second.undo', state: 'failed' },
      { name: 'second.attention', kind: 'attention' },
    ],
  });
  expect(diary).toEqual(['first', 'second', 'third', 'undo-second']);
});

test('a task longer than its timeout is aborted, and a safe one is tried again', async () => {
  const reasons: unknown[] = [];
  const slow = task(
    'slow',
    (_i, { signal, attempt }) =>
      attempt > 1
        ? 'quick'
        : new Promise((resolve) =>
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              resolve('late');
            }),
          ),
    { timeout: 50, idempotent: true },
  );
  const flow = defineSaga({ name: 'slow', input: anyInput })
    .step('slow', slow, { with: () => 1 })
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'completed',
    output: { slow: 'quick' },
    timeline: [{ attempts: [{ n: 1, error: { code: 'TIMEOUT', answered: false } }, { n: 2 }] }],
  });
  expect(reasons).toMatchObject([{ code: 'TIMEOUT' }]);
});

test('a step may have any name: one that is called like an internal record is retried like the others', async () => {
  const root = task('root', (_i, { attempt }) => {
    if (attempt === 1) throw new Error('once');
    return 'grown';
  });
  const flow = defineSaga({ name: 'tree', input: anyInput })
    .step('root', root, { with: () => 1 })
    .step('leaf', task('leaf'), { with: () => 1 })
    .returns((done) => done);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: { root: 'grown', leaf: 1 } });
});

test('a step that returns more than is kept fails, and what it may have done is undone', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'verbose', input: anyInput })
    .step(
      'talk',
      task('talk', () => 'x'.repeat(300_000)),
      { with: () => 1, undo: [note(diary, 'hush'), () => 1] },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    error: { code: 'TOO_LARGE', step: 'talk', message: expect.stringContaining('300002 bytes') },
  });
  expect(diary).toEqual(['hush']);
});

test('a step that returns what JSON would change fails with the path, and what it may have done is undone', async () => {
  const diary: Diary = [];
  const flow = defineSaga({ name: 'dated', input: anyInput })
    .step(
      'book',
      task('book', () => ({ seats: [{ from: new Date(0) }], note: undefined })),
      { with: () => 1, undo: [note(diary, 'cancel'), () => 1] },
    )
    .returns(() => null);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    error: { code: 'BAD_OUTPUT', step: 'book', message: expect.stringContaining('a Date at "seats.0.from"') },
  });
  expect(diary).toEqual(['cancel']);
});
