import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/orchestrators/timeline.js';
import { agoText, durationText } from '../../../src/ui/words/duration.js';
import { humanName } from '../../../src/ui/words/stage-name.js';
import { attemptsText, spokenText, stageWords } from '../../../src/ui/words/stage-text.js';

const step: TimelineEntry = {
  ...{ name: 'charge_payment', kind: 'step', state: 'failed', startedAt: 1_300, finishedAt: 2_500 },
  attempts: [1, 2, 3].map((n) => ({
    ...{ n, startedAt: 1_300, finishedAt: 2_500 },
    error: { code: 'TOOL_FAILED', message: 'declined', retryable: false },
  })),
};

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

  it('of a stage that has not begun, or waits for another attempt, by whether its run has ended', () => {
    const waiting: TimelineEntry = { ...step, state: 'waiting', startedAt: null, finishedAt: null, attempts: [] };
    const between: TimelineEntry = { ...waiting, startedAt: 1_300, attempts: step.attempts.slice(0, 2) };
    const labels = (over: boolean) => [waiting, between].map((entry) => stageWords(entry, over).label);
    expect(labels(false)).toEqual(['Waiting', 'Waits for its next attempt']);
    expect(labels(true)).toEqual(['Never ran', 'Dropped before its next attempt']);
    expect(attemptsText(between)).toBe('2 attempts');
  });
});
