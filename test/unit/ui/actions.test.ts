import { describe, expect, it } from 'vitest';
import type { Question } from '../../../src/orchestrators/questions.js';
import type { WorkflowShape } from '../../../src/orchestrators/shape.js';
import type { RunSummary, TimelineEntry } from '../../../src/orchestrators/timeline.js';
import { countStates } from '../../../src/orchestrators/timeline-page.js';
import { queueOf } from '../../../src/ui/run/queue-of.js';
import {
  type Action,
  actionsOf,
  answersOf,
  isOffered,
  type KnownRun,
  signalsOf,
} from '../../../src/ui/words/actions.js';

const entry = (name: string, state: TimelineEntry['state'], kind: TimelineEntry['kind'] = 'step'): TimelineEntry => ({
  ...{ name, kind, state, startedAt: state === 'waiting' ? null : 1, finishedAt: null, attempts: [] },
});
const step = entry('charge_payment', 'failed');
const undo = entry('charge_payment.undo', 'completed', 'undo');
const place = { task: 'any', queue: 'tasks' };
const saga: WorkflowShape = {
  pattern: 'saga',
  steps: [
    { ...place, name: 'reserve', undo: 'release', undoQueue: 'bank', pivot: false },
    { ...place, name: 'ask', queue: 'attention', waits: 'person', pivot: false },
    { ...place, name: 'charge_payment', pivot: true },
    { ...place, name: 'picked_up', queue: 'signals', waits: 'signal', pivot: false },
    { ...place, name: 'invoice', queue: 'billing', foreign: true, pivot: false },
  ],
};
const known = (
  run: Partial<RunSummary>,
  entries: readonly TimelineEntry[] = [],
  more: Partial<KnownRun> = {},
): KnownRun => ({
  run: { id: 'order-0-k1', workflow: 'order', status: 'running', input: {}, createdAt: 1_000, ...run },
  entries,
  counts: countStates(entries),
  shape: undefined,
  ...more,
});
const named = (actions: readonly Action[], name: string) => actions.find((action) => action.name === name);

describe('what may be done', () => {
  it.each([
    ['running', [], ['cancel']],
    ['completed', [], []],
    ['failed', [step], ['retry']],
    ['compensated', [step, undo], ['retry']],
    ['compensation_stuck', [step], []],
    ['compensating', [step], []],
  ] as const)('to a run that is %s', (status, entries, names) => {
    expect(actionsOf(known({ status }, entries)).map(({ name }) => name)).toEqual(names);
  });

  it('a run that was told to stop is not told again', () => {
    expect(actionsOf(known({ stop: { cause: 'cancelled', at: 1 } }))).toEqual([]);
  });

  it('a saga whose pivot has begun is not offered what the server refuses', () => {
    const before = [entry('reserve', 'completed'), entry('charge_payment', 'waiting')];
    const begun = [entry('reserve', 'completed'), entry('charge_payment', 'running')];
    expect(actionsOf(known({}, before, { shape: saga }))).toHaveLength(1);
    expect(actionsOf(known({}, begun, { shape: saga }))).toEqual([]);
  });

  it('a retry says from where, how many, and where nothing can be kept that it is another run', () => {
    const label = (...args: Parameters<typeof known>) => actionsOf(known(...args))[0]?.label;
    expect(label({ status: 'failed' }, [step])).toBe('Retry from “Charge payment”');
    expect(label({ status: 'failed' }, [step, undo])).toBe('Run again');
    expect(label({ status: 'failed' }, [step, { ...undo, state: 'failed' }])).toBe('Retry from “Charge payment”');
    // One of ten is on the page that is here.
    const branch = entry('item-9', 'failed', 'branch');
    const counts = { ...countStates([]), completed: 9_990, failed: 10 };
    expect(label({ status: 'partial' }, [branch], { counts })).toBe('Retry the 10 that failed');
    expect(label({ status: 'partial' }, [], { counts: { ...counts, failed: 1 } })).toBe('Retry what failed');
    expect(label({ status: 'partial' }, [branch])).toBe('Retry “Item 9”');
  });

  it('a signal that it waits for can be sent; one that has come cannot, and of very many only the first are offered', () => {
    const entries = [entry('picked_up', 'waiting'), entry('reserve', 'waiting')];
    const offered = signalsOf(known({}, entries, { shape: saga }));
    expect(offered.map(({ label, stage }) => [label, stage])).toEqual([['Send “Picked up”', 'picked_up']]);
    expect(signalsOf(known({}, [entry('picked_up', 'completed')], { shape: saga }))).toEqual([]);
    const each = { ...place, name: 'item', queue: 'signals', waits: 'signal' } as const;
    const shape: WorkflowShape = { pattern: 'list', onFailure: 'collect', each };
    const many = Array.from({ length: 10_000 }, (_, n) => entry(`item-${n}`, 'waiting', 'branch'));
    expect(signalsOf(known({}, many, { shape }))).toHaveLength(3);
  });
});

const asks = (about: string, since: number, more: Partial<Question> = {}): Question => ({
  ...{ about, since, status: 'compensation_stuck', answers: ['resume', 'resolve', 'skip', 'abandon'] },
  ...more,
});

describe('an answer', () => {
  it('that leaves something undone wants a reason', () => {
    const answers = answersOf(asks('charge_payment.undo', 5), known({}));
    expect(answers.map(({ name, reason, stage }) => [name, reason, stage])).toEqual([
      ['resume', 'optional', 'charge_payment.undo'],
      ['resolve', 'optional', 'charge_payment.undo'],
      ['skip', 'required', 'charge_payment.undo'],
      ['abandon', 'required', 'charge_payment.undo'],
    ]);
  });

  it('of no says what it undoes, and where it is too late for that', () => {
    const question = asks('ask', 5, { status: 'waiting_approval', answers: ['approve', 'reject'] });
    const no = (...args: Parameters<typeof known>) => named(answersOf(question, known(...args)), 'reject');
    const before = [entry('reserve', 'completed'), entry('charge_payment', 'waiting')];
    expect(no({}, before, { shape: saga })).toMatchObject({
      weight: 'danger',
      consequence: expect.stringContaining('is undone, last first'),
    });
    const past = [entry('reserve', 'completed'), entry('charge_payment', 'completed')];
    expect(no({}, past, { shape: saga })?.consequence).toContain('too late to undo');
    const branches = [entry('ask', 'waiting', 'branch')];
    expect(no({}, branches)).toMatchObject({ weight: 'plain', consequence: expect.not.stringContaining('undone') });
  });

  it('is offered as long as that is what the run asks, and not when it asks about another stage, or again', () => {
    const at = (...questions: Question[]) => known({ status: 'compensation_stuck', questions });
    const [, , skip] = answersOf(asks('mail.undo', 5), at());
    if (!skip) throw new Error('nothing is offered');
    expect(isOffered(skip, at(asks('mail.undo', 5)))).toBe(true);
    expect(isOffered(skip, at(asks('pay.undo', 7)))).toBe(false);
    expect(isOffered(skip, at(asks('mail.undo', 7)))).toBe(false);
    expect(isOffered(skip, known({ status: 'failed' }))).toBe(false);
    const [cancel] = actionsOf(known({}));
    if (!cancel) throw new Error('nothing is offered');
    expect(isOffered(cancel, known({}))).toBe(true);
    expect(isOffered(cancel, known({ status: 'completed' }))).toBe(false);
  });
});

it('the job of a stage is where our board shows it: an undo in its own queue, and nowhere in a queue of others', () => {
  expect(queueOf(saga, entry('reserve', 'completed'))).toBe('tasks');
  expect(queueOf(saga, entry('reserve.undo', 'completed', 'undo'))).toBe('bank');
  expect(queueOf(saga, entry('charge_payment.undo', 'completed', 'undo'))).toBeUndefined();
  expect(queueOf(saga, entry('invoice', 'running'))).toBeUndefined();
  expect(queueOf(saga, entry('reserve.attention', 'waiting', 'attention'))).toBe('attention');
});
