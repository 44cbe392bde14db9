import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/orchestrators/timeline.js';
import { rungsOf } from '../../../src/ui/run/ladder.js';

const entry = (name: string, kind: TimelineEntry['kind'], more: Partial<TimelineEntry> = {}): TimelineEntry => ({
  ...{ name, kind, state: 'completed', startedAt: 1, finishedAt: 2, attempts: [] },
  ...more,
});

const steps = ['pay', 'mail', 'label'].map((name) => ({ name, pivot: false, undo: `undo ${name}` }));

describe('the ladder of a saga', () => {
  it('stands each undo beside its step, and says in which order they ran', () => {
    const entries = [
      entry('pay', 'step'),
      entry('mail', 'step'),
      entry('label', 'step', { state: 'failed' }),
      entry('label.undo', 'undo', { startedAt: 10 }),
      entry('mail.undo', 'undo', { startedAt: 20 }),
      entry('pay.undo', 'undo', { startedAt: 30 }),
    ];
    const rungs = rungsOf(steps, entries, { status: 'compensated' });
    expect(rungs.map(({ name, undo, undoOrder }) => [name, undo?.name, undoOrder])).toEqual([
      ['pay', 'pay.undo', 3],
      ['mail', 'mail.undo', 2],
      ['label', 'label.undo', 1],
    ]);
  });

  it('shows steps ahead as waiting, and after a turn as not reached', () => {
    const waiting = entry('mail', 'step', { state: 'waiting', startedAt: null, finishedAt: null });
    const forward = rungsOf(steps, [entry('pay', 'step', { state: 'running' }), waiting], { status: 'running' });
    expect(forward.map(({ step, stepRemark }) => step?.state ?? stepRemark)).toEqual(['running', 'waiting', 'waiting']);
    const turned = rungsOf(steps, [entry('pay', 'step'), entry('pay.undo', 'undo')], { status: 'compensated' });
    expect(turned.map(({ stepRemark }) => stepRemark)).toEqual([undefined, 'not reached', 'not reached']);
    expect(turned.map(({ undoRemark }) => undoRemark)).toEqual([undefined, 'nothing to undo', 'nothing to undo']);
  });

  it('says what was left standing, and where there was no way back', () => {
    const entries = [entry('pay', 'step'), entry('mail', 'step'), entry('mail.undo', 'undo')];
    const rungs = rungsOf(
      [
        { name: 'pay', pivot: false },
        { name: 'mail', pivot: true },
      ],
      entries,
      {
        status: 'failed',
        notUndone: ['pay'],
      },
    );
    expect(rungs[0]?.undoRemark).toBe('left standing');
    expect(rungsOf([{ name: 'go', pivot: true }], [entry('go', 'step')], { status: 'completed' })[0]?.undoRemark).toBe(
      'point of no return',
    );
  });

  it('tells a step without an undo from one whose undo has not begun, and an undo that was skipped from one that failed', () => {
    const entries = [
      entry('pay', 'step'),
      entry('mail', 'step'),
      entry('label', 'step', { state: 'failed' }),
      entry('mail.undo', 'undo', { state: 'failed' }),
    ];
    const shape = [
      { name: 'pay', pivot: false, undo: 'refund' },
      ...steps.slice(1, 2),
      { name: 'label', pivot: false },
    ];
    const stuck = rungsOf(shape, entries, { status: 'compensation_stuck' });
    expect(stuck.map(({ undoRemark, leftStanding }) => [undoRemark, leftStanding])).toEqual([
      ['undo not begun', false],
      [undefined, false],
      ['has no undo', false],
    ]);
    const skip = { command: 'skip', at: 1, stage: 'mail.undo', reason: 'x' } as const;
    expect(rungsOf(shape, entries, { status: 'compensating', words: [skip] })[1]?.leftStanding).toBe(true);
    expect(rungsOf(shape, entries, { status: 'failed', notUndone: ['mail'] })[1]?.leftStanding).toBe(true);
  });

  it('is made of what the run tells where its definition is not known', () => {
    expect(rungsOf(undefined, [entry('pay', 'step')], { status: 'running' }).map(({ name }) => name)).toEqual(['pay']);
  });
});
