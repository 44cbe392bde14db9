import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/orchestrators/timeline.js';
import { actionsOf, answersOf, signalsOf } from '../../../src/ui/words/actions.js';
import { agoText, durationText } from '../../../src/ui/words/duration.js';
import { humanName } from '../../../src/ui/words/stage-name.js';
import { attemptsText, spokenText } from '../../../src/ui/words/stage-text.js';

const run = { id: 'order-0-k1', workflow: 'order', input: {}, createdAt: 1_000 };
const step: TimelineEntry = {
  ...{ name: 'charge_payment', kind: 'step', state: 'failed', startedAt: 1_300, finishedAt: 2_500 },
  attempts: [1, 2, 3].map((n) => ({
    ...{ n, startedAt: 1_300, finishedAt: 2_500 },
    error: { code: 'TOOL_FAILED', message: 'declined', retryable: false },
  })),
};
const undo: TimelineEntry = { ...step, name: 'charge_payment.undo', kind: 'undo', state: 'completed' };

describe('what may be done', () => {
  it.each([
    ['running', [], ['cancel']],
    ['completed', [], []],
    ['failed', [step], ['retry']],
    ['compensated', [step, undo], ['retry']],
    ['compensation_stuck', [step], []],
    ['compensating', [step], []],
  ] as const)('to a run that is %s', (status, entries, names) => {
    expect(actionsOf({ ...run, status }, entries).map(({ name }) => name)).toEqual(names);
  });

  it('a run that was told to stop is not told again', () => {
    expect(actionsOf({ ...run, status: 'running', stop: { cause: 'cancelled', at: 1 } }, [])).toEqual([]);
  });

  it('a retry says from where, and where nothing can be kept that it is another run', () => {
    expect(actionsOf({ ...run, status: 'failed' }, [step])[0]?.label).toBe('Retry from “Charge payment”');
    expect(actionsOf({ ...run, status: 'failed' }, [step, undo])[0]?.label).toBe('Run again');
  });

  it('a signal that it waits for can be sent; one that has come cannot, and of very many only the first are offered', () => {
    const waits = (name: string, state: TimelineEntry['state'] = 'waiting'): TimelineEntry => ({
      ...{ name, kind: 'step', state, startedAt: null, finishedAt: null, attempts: [] },
    });
    const queueOf = ({ name }: TimelineEntry) => (name === 'pack' ? 'tasks' : 'signals');
    const offered = signalsOf([waits('paid', 'completed'), waits('pack'), waits('picked_up')], queueOf);
    expect(offered.map(({ label, stage }) => [label, stage])).toEqual([['Send “Picked up”', 'picked_up']]);
    expect(
      signalsOf(
        Array.from({ length: 10_000 }, (_, n) => waits(`item-${n}`)),
        queueOf,
      ),
    ).toHaveLength(3);
  });

  it('leaving something undone wants a reason', () => {
    const answers = answersOf({
      about: 'charge_payment.undo',
      status: 'compensation_stuck',
      answers: ['resume', 'resolve', 'skip', 'abandon'],
    });
    expect(answers.map(({ name, reason }) => [name, reason])).toEqual([
      ['resume', 'optional'],
      ['resolve', 'optional'],
      ['skip', 'required'],
      ['abandon', 'required'],
    ]);
  });
});

describe('words', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [4_210, '4.21 s'],
    [42_100, '42.1 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'],
  ])('of %d ms', (ms, text) => expect(durationText(ms)).toBe(text));

  it('of how long ago', () => {
    expect([0, 30_000, 200_000, 100_000_000, 900_000_000].map(agoText)).toEqual([
      'just now',
      '30 s ago',
      '3 min ago',
      '27 h ago',
      '10 d ago',
    ]);
  });

  it('of names, and of what a bar shows', () => {
    expect(humanName('create_user_account.undo')).toBe('Create user account');
    expect(attemptsText(step)).toBe('3 attempts');
    expect(spokenText(step, 1_000, 9_000)).toBe('failed; began 300 ms after acceptance, took 1.20 s, 3 attempts');
  });
});
