/** What only a person can decide: stuck undos, effects in doubt, steps past the pivot, retries. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError, SwitchyardError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { defineTask } from '../../../src/task.js';
import { approval } from '../../../src/wait-task.js';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { anyInput, echo, task } from '../../support/workflows.js';

const lost = () => new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });

/** Two undoable steps, then one that fails; the undo of the second fails for as long as the service is down. */
function stuckSaga(service: { down: boolean }, diary: string[]) {
  const undo = (name: string) =>
    task(
      `undo-${name}`,
      (args) => {
        if (name === 'two' && service.down) throw new PermanentError('the service is down');
        diary.push(`undo ${name} ${String(args)}`);
      },
      { key: true },
    );
  return defineSaga({ name: 'stuck', input: anyInput })
    .step('one', task('one'), { with: () => 1, undo: [undo('one'), () => 'first'] })
    .step('two', task('two'), { with: () => 2, undo: [undo('two'), () => 'second'] })
    .step(
      'three',
      task('three', () => {
        throw new PermanentError('three is refused');
      }),
      { with: () => 3 },
    )
    .returns((_done, { status, undone, notUndone }) => ({ status, undone, notUndone }));
}

test('[P4] a stuck undo says what failed, with which arguments, and is resumed to `compensated`; nothing said so before', async () => {
  const [service, diary] = [{ down: true }, [] as string[]];
  const flow = stuckSaga(service, diary);
  const engine = await useWorkingEngine([flow]);
  const run = await engine.sy.start(flow, {});
  const stuck = await run.wait('10s');
  expect(stuck).toMatchObject({
    status: 'compensation_stuck',
    error: { message: 'the service is down', step: 'two.undo' },
    questions: [
      {
        about: 'two.undo',
        status: 'compensation_stuck',
        input: 'second',
        error: { message: 'the service is down' },
        key: `${run.id}/two.undo/1`,
        answers: ['resume', 'resolve', 'skip', 'abandon'],
      },
    ],
  });
  expect((await engine.sy.list({ status: 'attention' })).runs.map(({ id }) => id)).toEqual([run.id]);
  expect((await engine.sy.list({ status: 'compensated' })).runs).toEqual([]);
  // Still down: it asks again, and counts its attempts on.
  await run.resume({ by: 'anna' });
  const again = await run.wait('10s');
  expect(again).toMatchObject({ status: 'compensation_stuck' });
  const attempts = again.timeline.find(({ name }) => name === 'two.undo')?.attempts.map(({ n }) => n);
  expect(attempts).toEqual([1, 2]);
  service.down = false;
  await engine.other([flow]).run(run.id).resume({ by: 'anna', reason: 'it is up again' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensated',
    output: { status: 'compensated', undone: ['two', 'one'], notUndone: [] },
    words: [{ command: 'resume' }, { command: 'resume', by: 'anna', reason: 'it is up again', stage: 'two.undo' }],
  });
  expect(diary).toEqual(['undo two second', 'undo one first']);
  expect((await engine.sy.list({ status: 'attention' })).runs).toEqual([]);
  await expect(run.resume()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
});

test('[P4] an undo that a person skips leaves the run `failed`, with the others undone and the reason kept', async () => {
  const diary: string[] = [];
  const flow = stuckSaga({ down: true }, diary);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  await run.wait('10s');
  await expect(run.skip({ reason: ' ' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await run.skip({ reason: 'it was never delivered' });
  expect(await run.wait('10s')).toMatchObject({
    status: 'failed',
    notUndone: ['two'],
    output: { undone: ['one'], notUndone: ['two'] },
    error: { message: 'three is refused' },
    words: [{ command: 'skip', stage: 'two.undo', reason: 'it was never delivered' }],
  });
  expect(diary).toEqual(['undo one first']);
});

test('an undo that a person did by hand counts as done; one that is given up leaves everything that is due', async () => {
  const flow = stuckSaga({ down: true }, []);
  const { sy } = await useWorkingEngine([flow]);
  const byHand = await sy.start(flow, {});
  await byHand.wait('10s');
  await byHand.resolve({ happened: true, by: 'anna' });
  expect(await byHand.wait('10s')).toMatchObject({ status: 'compensated', output: { undone: ['two', 'one'] } });
  const given = await sy.start(flow, {});
  await given.wait('10s');
  await given.abandon({ reason: 'settled by phone' });
  expect(await given.wait('10s')).toMatchObject({ status: 'failed', notUndone: ['two', 'one'] });
});

test('[P3] an effect in doubt: a person says that it happened, and with what result, or that it did not', async () => {
  const payments: string[] = [];
  let answers = false;
  const pay = defineTask({
    name: 'pay',
    input: z.unknown(),
    output: z.object({ id: z.string() }),
    run: (_i, { key }) => {
      payments.push(key);
      if (!answers) throw lost();
      return { id: 'p2' };
    },
  });
  const flow = defineSaga({ name: 'doubt', input: anyInput })
    .step('pay', pay, { with: () => 1 })
    .returns((done) => done.pay?.id);
  const { sy } = await useWorkingEngine([flow]);
  const happened = await sy.start(flow, {});
  expect(await happened.wait('10s')).toMatchObject({
    status: 'in_doubt',
    questions: [{ about: 'pay', status: 'in_doubt', key: `${happened.id}/pay/1`, answers: ['resolve', 'abandon'] }],
  });
  await expect(happened.resume()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await expect(happened.resolve({ happened: true, output: {} })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await happened.resolve({ happened: true, output: { id: 'p1' } });
  expect(await happened.wait('10s')).toMatchObject({ status: 'completed', output: 'p1' });
  expect(payments).toHaveLength(1);

  const didNot = await sy.start(flow, {});
  await didNot.wait('10s');
  answers = true;
  await didNot.resolve({ happened: false });
  expect(await didNot.wait('10s')).toMatchObject({ status: 'completed', output: 'p2' });
  expect(payments).toHaveLength(3);
});

test('past its pivot a saga only goes forward: a step that fails waits for a person, and a cancel is refused', async () => {
  const diary: string[] = [];
  let broken = true;
  const flow = defineSaga({ name: 'forward', input: anyInput })
    .step('reserve', task('reserve'), {
      with: () => 1,
      undo: [task('release', () => diary.push('released')), () => 1],
    })
    .step('ship', task('ship', undefined, { key: true }), { with: () => 2, pivot: true })
    .step(
      'mail',
      task('mail', () => {
        if (broken) throw new PermanentError('no such address');
        return 'sent';
      }),
      { with: () => 3 },
    )
    .returns((done) => done.mail);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'step_stuck',
    questions: [{ about: 'mail', answers: ['resume', 'resolve', 'abandon'] }],
  });
  await expect(run.cancel()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await expect(run.skip({ reason: 'no' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  broken = false;
  await run.resume();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: 'sent' });
  expect(diary).toEqual([]);
});

test('a failed or partial run is retried in its place: what had finished is not done again', async () => {
  const calls: string[] = [];
  let broken = true;
  const part = (name: string) =>
    task(name, () => {
      calls.push(name);
      if (name === 'bad' && broken) throw new PermanentError('broken');
      return name;
    });
  const flow = defineFanOut({
    name: 'parts',
    input: anyInput,
    branches: { good: { run: part('good'), with: () => 0 }, bad: { run: part('bad'), with: () => 0 } },
    aggregate: ({ good, bad }) => [good.state, bad.state],
  });
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {}, { key: 'k' });
  expect(await run.wait('10s')).toMatchObject({ status: 'partial', output: ['completed', 'failed'] });
  broken = false;
  expect((await run.retry({ by: 'anna' })).id).toBe(run.id);
  const ended = await run.wait('10s');
  expect(ended).toMatchObject({
    status: 'completed',
    output: ['completed', 'completed'],
    words: [{ command: 'retry', by: 'anna' }],
  });
  expect(ended.timeline.find(({ name }) => name === 'bad')?.attempts.map(({ n }) => n)).toEqual([1, 2]);
  expect(calls.toSorted()).toEqual(['bad', 'bad', 'good']);
  await expect(run.retry()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  expect((await sy.list({ status: 'partial' })).runs).toEqual([]);
  expect((await sy.list({ status: 'completed' })).runs.map(({ id }) => id)).toEqual([run.id]);
});

test('a routed run is retried from its route, and keeps its decision', async () => {
  let broken = true;
  let classified = 0;
  const desk = defineRouter({
    name: 'desk',
    input: anyInput,
    classify: () => {
      classified += 1;
      return { route: 'a' as const, priority: 'LOW', evidence: classified };
    },
    routes: {
      a: {
        run: task('a', () => {
          if (broken) throw new PermanentError('broken');
          return 'answer';
        }),
        with: () => 0,
      },
    },
    returns: ({ result, decision }) => [result, decision.evidence],
  });
  const { sy } = await useWorkingEngine([desk]);
  const run = await sy.start(desk, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'failed' });
  broken = false;
  await run.retry();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed', output: ['answer', 1] });
});

test('a saga that was undone is retried as another run, which names the first', async () => {
  let broken = true;
  const flow = defineSaga({ name: 'again', input: z.object({ n: z.number() }) })
    .step('one', task('one'), { with: () => 1, undo: [task('undo'), () => 1] })
    .step(
      'two',
      task('two', () => {
        if (broken) throw new PermanentError('broken');
      }),
      { with: () => 2 },
    )
    .returns(() => 'ok');
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, { n: 1 });
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  broken = false;
  const next = await run.retry();
  expect(next.id).not.toBe(run.id);
  expect(await next.wait('10s')).toMatchObject({ status: 'completed', input: { n: 1 }, retryOf: run.id });
});

test('[P4] an undo whose answer was lost is not simply tried again: whether it happened is asked first', async () => {
  let refunds = 0;
  const refund = task('refund', () => {
    refunds += 1;
    if (refunds === 1) throw lost();
  });
  const flow = defineSaga({ name: 'doubtful-undo', input: anyInput })
    .step('pay', task('pay'), { with: () => 1, undo: [refund, () => 1] })
    .step(
      'ship',
      task('ship', () => {
        throw new PermanentError('no carrier');
      }),
      { with: () => 2 },
    )
    .returns((_done, { status }) => status);
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'compensation_stuck',
    error: { code: 'IN_DOUBT', message: expect.stringContaining('undo "pay.undo" may or may not have happened') },
    questions: [{ about: 'pay.undo', answers: ['resolve', 'skip', 'abandon'] }],
  });
  await expect(run.resume()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  await run.resolve({ happened: true });
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  expect(refunds).toBe(1);
});

test('a root that is stuck past the pivot tells its error, and is resumed once its definition is mended', async () => {
  const definition = { broken: true };
  const flow = defineSaga({ name: 'stuck-root', input: anyInput })
    .step('pay', task('pay'), { with: () => 1, pivot: true })
    .step('ok', approval(), {
      with: () => {
        if (definition.broken) throw new Error('a slip in with');
        return { question: 'go on?' };
      },
    })
    .returns(() => 'done');
  const { sy } = await useWorkingEngine([flow]);
  const run = await sy.start(flow, {});
  expect(await run.wait('10s')).toMatchObject({
    status: 'step_stuck',
    error: { code: 'INVALID_DEFINITION', message: expect.stringContaining('a slip in with') },
    questions: [{ about: '~root', answers: ['resume', 'abandon'] }],
  });
  await expect(run.resolve({ happened: true })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
  definition.broken = false;
  await run.resume();
  expect(await run.wait('10s')).toMatchObject({ status: 'waiting_approval' });
  await run.approve();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
});

test('a run whose outcome is recorded, and whose root has not completed yet, says so to whoever retries it', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, { n: 1 });
  const outcome = JSON.stringify({ status: 'failed', finishedAt: 1 });
  await engine.redis.hset(`${engine.prefix}:log:${run.id}`, 'outcome', outcome, 'status', 'failed');
  const refused = { code: 'ILLEGAL_STATE', message: expect.stringContaining('a worker still has a job of it') };
  await expect(run.retry()).rejects.toMatchObject(refused);
});
