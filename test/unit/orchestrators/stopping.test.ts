/** The rows of the transition tables about stops, policies, pivots and people's words. */
import { describe, expect, test } from 'vitest';
import type { OperatorWord, StopRequest } from '../../../src/facts.js';
import { conclude } from '../../../src/orchestrators/conclude.js';
import { decide } from '../../../src/orchestrators/decide.js';
import type { FailurePolicy } from '../../../src/orchestrators/definition.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { verdictOf } from '../../../src/orchestrators/stopping.js';
import { BOOM, factsOf, failed, failedAttempt, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const cancelled: StopRequest = { cause: 'cancelled', at: 1 };
const deadline: StopRequest = { cause: 'deadline', at: 1 };
const park = { kind: 'park' };
const end = (status: string, code?: string) =>
  code === undefined ? { kind: 'end', status } : { kind: 'end', status, error: { code } };

describe('a fan-out', () => {
  const flow = (onFailure: FailurePolicy) =>
    defineFanOut({
      name: 'flow',
      input: anyInput,
      onFailure,
      branches: {
        a: { run: work, with: () => 'A' },
        b: { run: work, with: () => 'B' },
        c: { run: work, with: () => 'C' },
      },
      aggregate: (results) => results,
    });
  const two: FailurePolicy = { quorum: 2 };

  test.each<[title: string, policy: FailurePolicy, known: Known, move: object]>([
    ['to stop, one at work → sleep', 'collect', { stop: cancelled, stages: { a: pending } }, park],
    [
      'to stop, none at work → cancelled; what was not begun is not',
      'collect',
      { stop: cancelled },
      end('cancelled', 'CANCELLED'),
    ],
    [
      'cancelled after all have ended → cancelled all the same',
      'collect',
      { stop: cancelled, stages: { a: succeeded(), b: succeeded(), c: succeeded() } },
      end('cancelled'),
    ],
    [
      'its deadline passed, some completed → partial',
      'collect',
      { stop: deadline, stages: { a: succeeded() } },
      end('partial', 'DEADLINE_EXCEEDED'),
    ],
    ['its deadline passed, none completed → failed', 'collect', { stop: deadline }, end('failed', 'DEADLINE_EXCEEDED')],
    [
      'its deadline passed just as all had completed → completed',
      'collect',
      { stop: deadline, stages: { a: succeeded(), b: succeeded(), c: succeeded() } },
      end('completed'),
    ],
    [
      'policy fail, one failed, one at work → stop',
      'fail',
      { stages: { a: succeeded(), b: failed(), c: pending } },
      { kind: 'stop', cause: 'branch_failed', stage: 'b' },
    ],
    [
      'policy fail, one failed, others not begun → failed with its error',
      'fail',
      { stages: { b: failed() } },
      { kind: 'end', status: 'failed', error: { ...BOOM, step: 'b' } },
    ],
    [
      'policy fail, stopped by a branch → failed with that branch’s error',
      'fail',
      {
        stop: { cause: 'branch_failed', at: 1, stage: 'c' },
        stages: { a: failed({ ...BOOM, code: 'CANCELLED' }), c: failed() },
      },
      { kind: 'end', status: 'failed', error: { ...BOOM, step: 'c' } },
    ],
    [
      'policy fail, none failed → completed',
      'fail',
      { stages: { a: succeeded(), b: succeeded(), c: succeeded() } },
      end('completed'),
    ],
    [
      'quorum met, one at work → stop',
      two,
      { stages: { a: succeeded(), b: succeeded(), c: pending } },
      { kind: 'stop', cause: 'quorum' },
    ],
    ['quorum met, none at work → completed', two, { stages: { a: succeeded(), b: succeeded() } }, end('completed')],
    [
      'quorum out of reach, one at work → stop',
      two,
      { stages: { a: failed(), b: failed(), c: pending } },
      { kind: 'stop', cause: 'quorum' },
    ],
    [
      'quorum out of reach, none at work → failed',
      two,
      { stages: { a: failed(), b: failed() } },
      end('failed', 'QUORUM_NOT_MET'),
    ],
    ['quorum still open → sleep', two, { stages: { a: succeeded(), b: failed(), c: pending } }, park],
  ])('%s', (_title, policy, known, move) => {
    expect(decide(flow(policy), factsOf(known))).toMatchObject(move);
  });

  test('a branch that a stop kept from running is a failure among the results, and says why', () => {
    const facts = factsOf({ stop: { ...cancelled, by: 'anna' }, stages: { a: succeeded(1) } });
    expect(conclude(flow('collect'), facts, { status: 'cancelled' }, 9).output).toMatchObject({
      a: { state: 'completed', output: 1 },
      b: { state: 'failed', error: { code: 'CANCELLED', message: 'the run was cancelled by anna', step: 'b' } },
    });
  });

  test('skipped branches are not planned: a quorum of those that are left', () => {
    expect(verdictOf({ quorum: 2 }, { planned: 1, completed: 0, failed: 0 })).toBe('quorum');
  });
});

describe('a router', () => {
  const decision = { route: 'a', priority: 'HIGH', evidence: null } as const;
  const flow = defineRouter({
    name: 'flow',
    input: anyInput,
    classify: () => decision,
    routes: { a: { run: work, with: () => 1 } },
    sla: { HIGH: '1h' },
    escalation: { to: work, when: () => false, with: ({ reason }) => reason },
    returns: ({ path }) => path,
  });
  const escalate = { kind: 'append', stages: [{ kind: 'escalation', stage: 'escalation' }] };
  const late = { decision, slaDueAt: 5 };

  test.each<[title: string, known: Known, move: object]>([
    ['to stop before it has decided → cancelled', { stop: cancelled }, end('cancelled', 'CANCELLED')],
    ['to stop, its route at work → sleep', { stop: cancelled, decision, stages: { a: pending } }, park],
    [
      'its deadline passed without an answer → failed',
      { stop: deadline, decision, stages: { a: failed() } },
      end('failed', 'DEADLINE_EXCEEDED'),
    ],
    [
      'its deadline passed, answered, the escalation cut short → partial',
      { stop: deadline, decision, stages: { a: succeeded(), escalation: failed() } },
      end('partial', 'DEADLINE_EXCEEDED'),
    ],
    ['near its SLA, its route at work → the escalation beside it', { ...late, stages: { a: pending } }, escalate],
    ['near its SLA, both at work → sleep', { ...late, stages: { a: pending, escalation: pending } }, park],
    ['answered, the escalation at work → sleep', { ...late, stages: { a: succeeded(), escalation: pending } }, park],
    ['both answered → completed', { ...late, stages: { a: succeeded(), escalation: succeeded() } }, end('completed')],
    [
      'the route failed, the escalation at work → sleep',
      { ...late, stages: { a: failed(), escalation: pending } },
      park,
    ],
  ])('%s', (_title, known, move) => {
    expect(decide(flow, factsOf(known))).toMatchObject(move);
  });
});

describe('a saga', () => {
  const undo: readonly [typeof work, () => number] = [work, () => 1];
  const flow = defineSaga({ name: 'flow', input: anyInput })
    .step('one', work, { with: () => 1, undo })
    .step('two', work, { with: () => 1, undo })
    .step('point', work, { with: () => 1, pivot: true })
    .step('last', work, { with: () => 1 })
    .returns(() => null);
  const back = (stage: string) => ({
    kind: 'append',
    phase: 'compensating',
    stages: [{ kind: 'undo', stage: `${stage}.undo` }],
  });
  const before = { one: 1, two: 1 };
  const past = { ...before, point: 1 };
  const lost = [failedAttempt(1, { ...BOOM, answered: false })];
  const word = (command: OperatorWord['command'], stage: string): OperatorWord => ({ command, at: 1, stage });

  test.each<[title: string, known: Known, move: object]>([
    ['to stop, a step at work → sleep', { stop: cancelled, stages: { two: pending }, done: { one: 1 } }, park],
    ['to stop, nothing at work → the last undo', { stop: cancelled, done: before }, back('two')],
    ['to stop, nothing was begun → cancelled', { stop: cancelled }, end('cancelled', 'CANCELLED')],
    ['its deadline passed, nothing was begun → failed', { stop: deadline }, end('failed', 'DEADLINE_EXCEEDED')],
    [
      'stopped and undone → compensated, for that reason',
      { stop: cancelled, phase: 'compensating', done: { ...before, 'one.undo': 0, 'two.undo': 0 } },
      end('compensated', 'CANCELLED'),
    ],
    [
      'the step that a stop cut short is no reason of its own',
      {
        stop: deadline,
        stages: { one: failed({ ...BOOM, code: 'CANCELLED' }) },
        phase: 'compensating',
        done: { 'one.undo': 0 },
        intents: ['one'],
      },
      end('compensated', 'DEADLINE_EXCEEDED'),
    ],
    [
      'a stop that comes after the pivot → forward',
      { stop: cancelled, done: past },
      { kind: 'append', stages: [{ kind: 'step', stage: 'last' }] },
    ],
    [
      'the pivot failed for certain → back',
      { stages: { point: failed() }, done: before, intents: ['point'] },
      back('two'),
    ],
    [
      'the pivot failed, and may have happened → ask',
      { stages: { point: failed() }, done: before, intents: ['point'], failedAttempts: { point: lost } },
      { kind: 'ask', status: 'in_doubt', about: 'point' },
    ],
    [
      'a person has answered for the pivot’s lost attempts → back',
      {
        stages: { point: failed() },
        done: before,
        intents: ['point'],
        failedAttempts: { point: lost },
        answeredFor: { point: 1 },
      },
      back('two'),
    ],
    [
      'a step past the pivot failed → ask',
      { stages: { last: failed() }, done: past },
      { kind: 'ask', status: 'step_stuck', about: 'last' },
    ],
    [
      'a step past the pivot is in doubt → ask',
      { stages: { last: failed({ ...BOOM, code: 'IN_DOUBT' }) }, done: past },
      { kind: 'ask', status: 'in_doubt', about: 'last' },
    ],
    [
      'a skipped undo → the next',
      { phase: 'compensating', stages: { 'two.undo': failed() }, done: before, words: [word('skip', 'two.undo')] },
      back('one'),
    ],
    [
      'all undos done but a skipped one → failed',
      {
        phase: 'compensating',
        stages: { 'two.undo': failed() },
        done: { ...before, 'one.undo': 0 },
        words: [word('skip', 'two.undo')],
      },
      end('failed'),
    ],
    [
      'abandoned → failed at once',
      { phase: 'compensating', stages: { 'two.undo': failed() }, done: before, words: [word('abandon', 'two.undo')] },
      end('failed'),
    ],
    [
      'words before a retry count no more',
      { stages: {}, done: before, words: [word('abandon', 'two.undo'), { command: 'retry', at: 2 }] },
      { kind: 'append', stages: [{ kind: 'step', stage: 'point' }] },
    ],
  ])('%s', (_title, known, move) => {
    expect(decide(flow, factsOf(known))).toMatchObject(move);
  });
});
