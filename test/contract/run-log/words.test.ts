/**
 * What is appended to a run, said of it and answered to it, on Redis and in memory: the rules of `append-stages.lua`,
 * `stop-run.lua`, `answer-stage.lua`, `operate-run.lua` and `reopen-run.lua`. Where they differ, the scripts are right.
 */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SwitchyardError } from '../../../src/errors.js';
import type { Facts } from '../../../src/facts.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import type { Stage } from '../../../src/orchestrators/move.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval, signal } from '../../../src/wait-task.js';
import { anyInput, task } from '../../support/workflows.js';
import { outcome, saga } from './samples.js';
import { inMemory, inRedis, type Subject } from './subjects.js';

const twoSteps = defineSaga({ name: 'two', input: anyInput })
  .step('pay', task('pay'), { with: () => 1, undo: [task('refund'), () => 1] })
  .step('send', task('send'), { with: () => 1 })
  .returns(() => null);
const pivoted = defineSaga({ name: 'pivoted', input: anyInput })
  .step('pay', task('pay'), { with: () => 1, pivot: true })
  .returns(() => null);
const go = { run: approval({ deadline: '1h' }), with: () => ({ question: 'go?' }) };
const asking = defineFanOut({
  name: 'asking',
  input: anyInput,
  branches: {
    one: go,
    two: go,
    news: { run: signal({ name: 'news', output: z.object({ n: z.number() }) }), with: () => ({}) },
    work: { run: task('work'), with: () => 1 },
  },
  aggregate: () => null,
});
const quorum = defineFanOut({
  name: 'quorum',
  input: anyInput,
  onFailure: { quorum: 1 },
  branches: { one: go, two: go },
  aggregate: () => null,
});

const step = (stage: string): Stage => ({ kind: 'step', stage });
const branch = (stage: string): Stage => ({ kind: 'branch', stage, input: { question: 'go?' } });
const result = { output: null, attempt: 1, startedAt: 1, finishedAt: 2 };
const doubt = new SwitchyardError('IN_DOUBT', 'nobody knows', { answered: false, step: 'pay' });
const stopRequest = { cause: 'cancelled', at: 7, by: 'anna' } as const;

async function factsOf(it: Subject): Promise<Facts> {
  const facts = await it.log.read(it.run);
  if (!facts) throw new Error('the run is gone');
  return facts;
}
const statesOf = async (it: Subject) =>
  Object.fromEntries([...(await factsOf(it)).stages].map(([name, { state }]) => [name, state]).sort());
const append = async (it: Subject, stages: readonly Stage[], phase?: 'compensating' | 'in_doubt', fence = it.fence) =>
  await it.append(it.definition, await factsOf(it), fence, stages, phase);

/** All questions of it are asked. */
async function asked(it: Subject): Promise<Subject> {
  await append(it, ['one', 'two', 'news', 'work'].map(branch));
  return it;
}

/** Its step may or may not have happened, and a person is asked. */
async function inDoubt(it: Subject): Promise<Subject> {
  await it.log.beginEffect(it.run, it.fence, 'pay', { attempt: 1, at: 1, key: 'k' }, 'forward');
  const failed = { n: 1, startedAt: 1, finishedAt: 2, error: doubt.toJSON() };
  await it.log.recordFailedAttempt(it.run, it.fence, 'pay', failed);
  await it.endJob('pay', doubt);
  await append(it, [{ kind: 'attention', stage: 'pay.attention' }], 'in_doubt');
  return it;
}

describe.each([
  ['in Redis', inRedis],
  ['in memory', inMemory],
] as const)('a run %s', (_where, make) => {
  describe('is appended to', () => {
    test('each stage once, whether it is pending or has ended', async () => {
      const it = await make(twoSteps);
      expect(await append(it, [step('pay'), step('send')])).toEqual({ kind: 'appended', added: 1 });
      expect(await append(it, [step('send')])).toEqual({ kind: 'appended', added: 0 });
      await it.endJob('pay', result);
      await it.endJob('send', new SwitchyardError('TASK_FAILED', 'no'));
      expect(await append(it, [step('pay'), step('send')])).toEqual({ kind: 'appended', added: 0 });
      expect(await statesOf(it)).toEqual({ pay: 'done', send: 'failed' });
    });

    test('with the phase that goes with it', async () => {
      const it = await make(twoSteps);
      await append(it, [{ kind: 'undo', stage: 'pay.undo' }], 'compensating');
      expect((await factsOf(it)).record.phase).toBe('compensating');
    });

    test('nothing by an attempt that lost its lock', async () => {
      const it = await make(twoSteps);
      expect(await append(it, [step('send')], undefined, it.late)).toEqual({ kind: 'fenced-off' });
      expect(await statesOf(it)).toEqual({ pay: 'pending' });
    });

    test('nothing forward once it is to stop, and what takes it back all the same', async () => {
      const it = await make(twoSteps);
      await it.stop(it.run, stopRequest);
      expect(await append(it, [step('send')])).toEqual({ kind: 'stopped' });
      expect(await append(it, [{ kind: 'undo', stage: 'pay.undo' }], 'compensating')).toMatchObject({ added: 1 });
      expect((await factsOf(it)).record.phase).toBe('compensating');
    });

    test('nothing once it has ended, a question not once it has its answer', async () => {
      const it = await make(asking);
      await it.signal('news', { n: 1 });
      expect(await append(it, [branch('news')])).toEqual({ kind: 'appended', added: 0 });
      await it.log.end(it.run, it.fence, outcome);
      expect(await append(it, [branch('one')])).toEqual({ kind: 'ended' });
      expect(await statesOf(it)).toEqual({ news: 'done' });
    });

    test('a question with its clock, its words and its phase', async () => {
      const it = await asked(await make(asking));
      const { record } = await factsOf(it);
      expect(record.phase).toBe('waiting_approval');
      expect(record.asked.get('one')).toMatchObject({ of: 'person', input: { question: 'go?' } });
      expect(record.asked.get('news')).toMatchObject({ of: 'signal' });
      expect([...(record.clocks ?? new Map()).keys()].sort()).toEqual(['answer.one', 'answer.two']);
    });
  });

  describe('is stopped', () => {
    test('by the first cause, and what no worker has is taken from it', async () => {
      const it = await asked(await make(asking));
      expect(await it.stop(it.run, stopRequest)).toEqual({ kind: 'stopping' });
      expect(await it.stop(it.run, { cause: 'deadline', at: 9 })).toEqual({ kind: 'stopping' });
      const { record } = await factsOf(it);
      expect([record.stop, record.phase]).toEqual([stopRequest, undefined]);
      expect(await statesOf(it)).toEqual({});
      expect(await it.log.beginEffect(it.run, it.fence, 'work', { attempt: 1, at: 1, key: 'k' }, 'forward')).toEqual({
        kind: 'stopped',
      });
    });

    test('not by a job that lost its lock, not when it has ended or undoes itself, nor past its pivot', async () => {
      const it = await make(pivoted);
      expect(await it.stop(it.run, stopRequest, it.late)).toEqual({ kind: 'fenced-off' });
      await it.log.beginEffect(it.run, it.fence, 'pay', { attempt: 1, at: 1, key: 'k' }, 'forward');
      expect(await it.stop(it.run, stopRequest)).toEqual({ kind: 'past-pivot', step: 'pay' });
      const undoing = await make(twoSteps);
      await append(undoing, [{ kind: 'undo', stage: 'pay.undo' }], 'compensating');
      expect(await undoing.stop(undoing.run, stopRequest)).toEqual({ kind: 'undoing' });
      await undoing.log.end(undoing.run, undoing.fence, outcome);
      expect(await undoing.stop(undoing.run, stopRequest)).toEqual({ kind: 'ended' });
    });
  });

  describe('is answered', () => {
    test('by the first word, with what was said', async () => {
      const it = await asked(await make(asking));
      await it.approve({ stage: 'one', by: 'anna', reason: 'fine' });
      await expect(it.reject({ stage: 'one' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      await it.reject({ stage: 'two', by: 'ben' });
      const { record, stages } = await factsOf(it);
      expect(stages.get('one')).toMatchObject({ state: 'done', output: { by: 'anna', note: 'fine' }, attempt: 1 });
      expect(record.done.get('one')).toMatchObject({ output: { by: 'anna', note: 'fine' } });
      expect(stages.get('two')).toMatchObject({ state: 'failed', error: { code: 'REJECTED', step: 'two' } });
      expect(record.done.has('two')).toBe(false);
      expect(record.words).toMatchObject([
        { command: 'approve', stage: 'one', by: 'anna' },
        { command: 'reject', stage: 'two', by: 'ben' },
      ]);
    });

    test('and waits for people until the last question to one is answered', async () => {
      const it = await asked(await make(asking));
      await it.approve({ stage: 'one' });
      expect((await factsOf(it)).record.phase).toBe('waiting_approval');
      await it.approve();
      expect((await factsOf(it)).record.phase).toBeUndefined();
      expect(await statesOf(it)).toEqual({ one: 'done', two: 'done', news: 'pending', work: 'pending' });
    });

    test('by a signal also before it waits, once, and as JSON has it', async () => {
      const it = await make(asking);
      await expect(it.signal('work', 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(it.signal('news', { n: 'one' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await it.signal('news', { n: 1, more: undefined });
      await expect(it.signal('news', { n: 2 })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      const fact = (await factsOf(it)).stages.get('news');
      expect(fact?.state === 'done' && fact.output).toStrictEqual({ n: 1 });
    });

    test('by its deadline only while nobody has', async () => {
      const it = await asked(await make(asking));
      await it.approve({ stage: 'one', by: 'anna' });
      await it.atDeadline('one');
      await it.atDeadline('two');
      const { stages, record } = await factsOf(it);
      expect(stages.get('one')).toMatchObject({ state: 'done', output: { by: 'anna' } });
      expect(stages.get('two')).toMatchObject({ state: 'failed', error: { code: 'REJECTED', step: 'two' } });
      expect(record.words).toHaveLength(1);
    });

    test('not before it asks, not when it is to stop, not when it has ended', async () => {
      const it = await make(asking);
      await expect(it.approve({ stage: 'one' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      await it.stop(it.run, stopRequest);
      await expect(it.signal('news', { n: 1 })).rejects.toThrow('is to stop');
      await it.log.end(it.run, it.fence, outcome);
      await expect(it.signal('news', { n: 1 })).rejects.toThrow('has ended');
    });

    test('and stops when that decides it', async () => {
      const it = await make(quorum);
      await append(it, ['one', 'two'].map(branch));
      expect(await it.log.standing(it.run)).toEqual({ completed: 0, failed: 0, planned: 2 });
      await it.approve({ stage: 'one' });
      expect(await it.log.standing(it.run)).toEqual({ completed: 1, failed: 0, planned: 2 });
      expect((await factsOf(it)).record.stop).toMatchObject({ cause: 'quorum' });
      expect(await statesOf(it)).toEqual({ one: 'done' });
    });
  });

  describe('that asks a person', () => {
    test('takes it that the effect has happened, and forgets the question', async () => {
      const it = await inDoubt(await make(saga));
      await it.say({ command: 'resolve', happened: true, output: { id: 7 }, by: 'anna' });
      const { record } = await factsOf(it);
      expect(record.phase).toBeUndefined();
      expect(record.done.get('pay')).toMatchObject({ output: { id: 7 }, attempt: 1 });
      expect(record.words).toMatchObject([{ command: 'resolve', by: 'anna', happened: true, stage: 'pay' }]);
      expect(await statesOf(it)).toEqual({ pay: 'failed' });
    });

    test('has the stage done again whose attempts were answered for', async () => {
      const it = await inDoubt(await make(saga));
      await it.say({ command: 'resolve', happened: false });
      expect(await statesOf(it)).toEqual({});
      expect((await factsOf(it)).record.answeredFor.get('pay')).toBe(1);
      expect(await it.log.lostAnswer(it.run, 'pay', { after: 0, before: 9 })).toBe(false);
      expect(await append(it, [step('pay')])).toEqual({ kind: 'appended', added: 1 });
    });

    test('takes no word twice, nor one that it does not ask for', async () => {
      const it = await inDoubt(await make(saga));
      await expect(it.say({ command: 'skip', reason: 'x' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      await it.say({ command: 'abandon', reason: 'enough' });
      await expect(it.say({ command: 'abandon', reason: 'enough' })).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      expect((await factsOf(it)).record.words).toHaveLength(1);
    });
  });

  describe('that has ended', () => {
    test('keeps its first outcome as JSON has it, and when its clocks were due', async () => {
      const it = await make(saga);
      await it.setClocks({ deadline: 9_000 });
      const told = { status: 'failed', output: { at: new Date(0), gone: undefined }, finishedAt: 9 } as const;
      const kept = { status: 'failed', output: { at: '1970-01-01T00:00:00.000Z' }, finishedAt: 9 };
      expect(await it.log.end(it.run, it.fence, told)).toMatchObject({ kind: 'ended' });
      expect(await it.log.end(it.run, it.fence, outcome)).toStrictEqual({ kind: 'ended', outcome: kept });
      const { record } = await factsOf(it);
      expect(record.outcome).toStrictEqual(kept);
      expect(record.clocks).toEqual(new Map([['deadline', 9_000]]));
    });

    test('goes on in its place, over what stands, when its root has completed too', async () => {
      const it = await asked(await make(asking));
      await it.approve({ stage: 'one' });
      await it.reject({ stage: 'two' });
      await it.signal('news', { n: 1 });
      await it.endJob('work', new SwitchyardError('TASK_FAILED', 'no'));
      await expect(it.reopen()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' });
      await it.log.end(it.run, it.fence, { status: 'partial', finishedAt: 9 });
      await expect(it.reopen()).rejects.toThrow('in a moment');
      await it.endRoot();
      expect(await it.reopen({ by: 'anna' })).toBe(true);
      expect(await statesOf(it)).toEqual({ one: 'done', news: 'done' });
      const { record } = await factsOf(it);
      expect([record.outcome, record.stop, record.clocks]).toEqual([undefined, undefined, undefined]);
      expect(record.words.at(-1)).toMatchObject({ command: 'retry', by: 'anna' });
      expect(await append(it, ['one', 'two', 'news', 'work'].map(branch))).toEqual({ kind: 'appended', added: 2 });
      expect(await it.log.standing(it.run)).toMatchObject({ completed: 2, failed: 0 });
    });

    test('and was cancelled is to be run again as another', async () => {
      const it = await make(saga);
      await it.log.end(it.run, it.fence, { status: 'cancelled', finishedAt: 9 });
      expect(await it.reopen()).toBe(false);
      expect((await factsOf(it)).record.outcome?.status).toBe('cancelled');
    });
  });
});
