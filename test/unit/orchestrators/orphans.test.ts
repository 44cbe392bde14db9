/** Each row of the table at the head of `orphans.ts`, and what is told of each orphan. */
import { describe, expect, test } from 'vitest';
import type { FinalStatus, RunRecord } from '../../../src/facts.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { orphanOf } from '../../../src/orchestrators/orphan-advice.js';
import { isAnsweredFor, judge, keyedEffect } from '../../../src/orchestrators/orphans.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import type { KnownRun } from '../../../src/run-knowledge.js';
import { factsOf } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const refund = task('shop.refund');

const saga = defineSaga({ name: 'flow', input: anyInput })
  .step('pay', work, {
    with: () => 1,
    undo: [refund, ({ input, key }) => ({ of: key, amount: input.amount })],
    find: [work, () => 1, () => undefined],
  })
  .step('mail', work, { with: () => 1 })
  .step('ship', work, { with: () => 1, undo: [refund, ({ output }) => (output as { id: string }).id] })
  .returns(() => null);

const wide = defineFanOut({
  name: 'flow',
  input: anyInput,
  branches: { pay: { run: work, with: () => 1 } },
  aggregate: () => null,
});

const RUN = 'flow-0-t1';
const KEPT_SINCE = Date.parse('2025-01-10T00:00:00.000Z');
const BEFORE = '2025-01-09T23:59:59.999Z';
const AFTER = '2025-01-10T00:00:00.000Z';

function effect(stage: string, { undone = false, run = RUN, at = AFTER as string | null, call = '1' } = {}) {
  const parsed = keyedEffect({ key: `${run}/${stage}/${call}`, tool: 'charge', undone, ...(at !== null && { at }) });
  if (!parsed) throw new Error('the key is none of ours');
  return parsed;
}

interface Run {
  readonly status?: FinalStatus;
  readonly recorded?: readonly string[];
  readonly undone?: readonly string[];
  readonly version?: number;
}

function known(run: Run | undefined) {
  const one: KnownRun | undefined = run && {
    version: run.version ?? 1,
    ...(run.status && { status: run.status }),
    recorded: new Set(run.recorded),
    undone: new Set(run.undone),
  };
  return { runs: new Map(one ? [[RUN, one]] : []), keptSince: KEPT_SINCE };
}

test.each([
  'flow-0-t1/pay',
  'flow-0-t1/pay/1/2',
  'flow-0-t1//1',
  'flow-0-t1/pay/',
  'order 7',
  'flow/pay/1',
  'flow-0-x1/pay/1',
  '',
])('the key "%s" is none of ours', (key) => {
  expect(keyedEffect({ key, tool: 't', undone: false })).toBeUndefined();
});

test.each<[title: string, run: Run | undefined, stage: string, more: object, verdict: string]>([
  ['no run, and the effect was undone', undefined, 'pay', { undone: true }, 'fine'],
  ['no run, and the effect is an undo', undefined, 'pay.undo', {}, 'fine'],
  ['no run, and runs of its time are forgotten', undefined, 'pay', { at: BEFORE }, 'not-judged'],
  ['no run, though runs of its time are kept', undefined, 'pay', {}, 'no-run'],
  ['no run, and nobody knows when it happened', undefined, 'pay', { at: null }, 'no-run'],
  ['a saga at work, the step began', { recorded: ['pay'] }, 'pay', {}, 'fine'],
  ['a saga at work, the step is not recorded', {}, 'pay', {}, 'not-recorded'],
  ['a saga at work, a named call of a step not recorded', {}, 'pay', { call: 'anna' }, 'not-recorded'],
  ['a saga that failed, the step is not recorded', { status: 'failed' }, 'pay', {}, 'not-recorded'],
  ['a saga that failed, the step is not recorded and undone', { status: 'failed' }, 'pay', { undone: true }, 'fine'],
  [
    'a saga that completed, an undo is not recorded',
    { status: 'completed', recorded: ['pay'] },
    'pay.undo',
    {},
    'not-recorded',
  ],
  [
    'a saga that was undone, the undo is recorded',
    { status: 'compensated', recorded: ['pay.undo'] },
    'pay.undo',
    {},
    'fine',
  ],
  ['a saga that completed, neither the step nor its undo is recorded', { status: 'completed' }, 'pay.undo', {}, 'fine'],
  ['a saga asked whether a step has happened', {}, 'pay.find', {}, 'fine'],
  ['a saga that completed', { status: 'completed', recorded: ['pay'] }, 'pay', {}, 'fine'],
  [
    'a saga that completed, undone later by hand',
    { status: 'completed', recorded: ['pay'] },
    'pay',
    { undone: true },
    'fine',
  ],
  [
    'a saga that undid it',
    { status: 'compensated', recorded: ['pay'], undone: ['pay'] },
    'pay',
    { undone: true },
    'fine',
  ],
  [
    'a saga that undid it, and it stands',
    { status: 'compensated', recorded: ['pay'], undone: ['pay'] },
    'pay',
    {},
    'left-standing',
  ],
  [
    'a saga that undoes itself, has undone it, and it stands',
    { recorded: ['pay'], undone: ['pay'] },
    'pay',
    {},
    'left-standing',
  ],
  ['a saga that failed, and it stands', { status: 'failed', recorded: ['pay'] }, 'pay', {}, 'left-standing'],
  ['a saga that was cancelled, and it stands', { status: 'cancelled', recorded: ['pay'] }, 'pay', {}, 'left-standing'],
  [
    'a saga that was undone, but for a step without undo',
    { status: 'compensated', recorded: ['mail'] },
    'mail',
    {},
    'fine',
  ],
  [
    'a saga of a version that is not known here',
    { status: 'failed', recorded: ['pay'], version: 2 },
    'pay',
    {},
    'fine',
  ],
])('%s → judged', (_title, run, stage, more, verdict) => {
  expect(judge(effect(stage, more), known(run), saga)).toBe(verdict);
});

test('a fan-out records no intents, so only its absence tells', () => {
  expect(judge(effect('pay'), known({}), wide)).toBe('fine');
  expect(judge(effect('pay'), known(undefined), wide)).toBe('no-run');
});

test('what a person has let stand, or has answered for, is no lie', () => {
  const record = (more: Partial<Pick<RunRecord, 'outcome' | 'words'>>) => factsOf(more).record;
  const ended = { status: 'failed', finishedAt: 1 } as const;
  expect(isAnsweredFor(record({ outcome: { ...ended, notUndone: ['pay'] } }), 'pay')).toBe(true);
  expect(isAnsweredFor(record({ outcome: { ...ended, notUndone: ['ship'] } }), 'pay')).toBe(false);
  const said = { command: 'resolve', at: 1, stage: 'pay.undo' } as const;
  expect(isAnsweredFor(record({ words: [{ ...said, happened: true }] }), 'pay')).toBe(true);
  expect(isAnsweredFor(record({ words: [{ ...said, happened: false }] }), 'pay')).toBe(false);
});

describe('what is told of an orphan', () => {
  test('without a run: the undo by name, and that the same key makes the same run again', () => {
    const keyed = orphanOf('no-run', effect('pay', { run: 'flow-0-kabc' }), saga, undefined);
    expect(keyed.undo).toEqual({ task: 'shop.refund', key: 'flow-0-kabc/pay.undo/1' });
    expect(keyed.advice).toMatch(/^submit the run again with its key: .* Or undo it with shop\.refund/);
    expect(keyed.reason).toContain('it was lost');
    const unkeyed = orphanOf('no-run', effect('pay', { at: null }), saga, undefined);
    expect(unkeyed.advice).toMatch(/^undo it with shop\.refund/);
    expect(unkeyed.reason).toContain('or its retention is over');
    expect(unkeyed).not.toHaveProperty('at');
  });

  test('without a record of the step: the undo with its arguments, from input and key', () => {
    const record = factsOf({ input: { amount: 7 }, outcome: { status: 'failed', finishedAt: 1 } }).record;
    const orphan = orphanOf('not-recorded', effect('pay'), saga, record);
    expect(orphan.undo?.args).toEqual({ of: `${RUN}/pay/1`, amount: 7 });
    expect(orphan.advice).toContain(`arguments {"of":"${RUN}/pay/1","amount":7} and the key ${RUN}/pay.undo/1`);
  });

  test('an undo that needs the lost output comes without arguments, a step without undo with none', () => {
    const record = factsOf({ outcome: { status: 'failed', finishedAt: 1 } }).record;
    expect(orphanOf('not-recorded', effect('ship'), saga, record).undo).toEqual({
      task: 'shop.refund',
      key: `${RUN}/ship.undo/1`,
    });
    const mail = orphanOf('not-recorded', effect('mail'), saga, record);
    expect(mail.undo).toBeUndefined();
    expect(mail.advice).toContain('look it up at the service');
  });

  test('a run at work may mend it; one that does not know what it took back is to be cancelled', () => {
    const { record } = factsOf();
    expect(orphanOf('not-recorded', effect('pay'), saga, record).advice).toMatch(/^let the run end and look again/);
    expect(orphanOf('not-recorded', effect('pay.undo'), saga, record).advice).toContain(`switchyard cancel ${RUN}`);
    const over = factsOf({ outcome: { status: 'completed', finishedAt: 1 } }).record;
    expect(orphanOf('not-recorded', effect('pay.undo'), saga, over).advice).toContain('do that step again by hand');
  });

  test('what stands in spite of its undo is undone with the arguments that were stored', () => {
    const { record } = factsOf({ done: { pay: 1 }, outcome: { status: 'compensated', finishedAt: 1 } });
    const intents = new Map([['pay', { attempt: 1, at: 1, key: 'k', undoArgs: { stored: true } }]]);
    const orphan = orphanOf('left-standing', effect('pay'), saga, { ...record, intents });
    expect(orphan.reason).toBe('the run ended compensated and counts this as undone, yet it stands');
    expect(orphan.undo?.args).toEqual({ stored: true });
  });
});
