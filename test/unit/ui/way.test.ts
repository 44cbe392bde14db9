import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../src/orchestrators/timeline.js';
import { evidenceOf } from '../../../src/ui/run/evidence.js';
import { memberName } from '../../../src/ui/run/member-name.js';
import { slaOf, slaRanTo, slaWords } from '../../../src/ui/run/sla.js';

const NOTHING = { scores: [], words: [], facts: [], rest: {}, isHidden: false };

describe("a classifier's evidence is read by its shape", () => {
  it.each([
    ['none', undefined, NOTHING],
    ['null', null, NOTHING],
    ['a text', 'because', { ...NOTHING, facts: [{ name: 'evidence', value: 'because' }] }],
    ['a list of texts', ['refund'], { ...NOTHING, words: [{ name: 'evidence', found: ['refund'] }] }],
    [
      'facts, as the README writes them',
      { length: 21, rationale: 'money back', isAngry: false },
      {
        ...NOTHING,
        facts: [
          { name: 'length', value: '21' },
          { name: 'rationale', value: 'money back' },
          { name: 'isAngry', value: 'false' },
        ],
      },
    ],
    [
      'what is nested',
      { model: { name: 'm', tokens: 3 }, steps: [1, { a: 2 }], none: null },
      { ...NOTHING, rest: { model: { name: 'm', tokens: 3 }, steps: [1, { a: 2 }] } },
    ],
    [
      "the shipped classifier's",
      { type: 'b', scores: { a: 1, b: 3 }, urgencyKeywords: ['urgent', 'urgent'], triggers: [] },
      {
        ...NOTHING,
        scores: [
          {
            name: 'scores',
            of: [
              { name: 'b', score: 3, chosen: true },
              { name: 'a', score: 1, chosen: false },
            ],
          },
        ],
        words: [
          { name: 'urgencyKeywords', found: ['urgent'] },
          { name: 'triggers', found: [] },
        ],
        facts: [{ name: 'type', value: 'b' }],
      },
    ],
    [
      'what a server hides',
      { rationale: '[redacted, 40 bytes]', scores: '[redacted, 12 bytes]' },
      { ...NOTHING, isHidden: true },
    ],
    ['all of it hidden', '[redacted, 12 bytes]', { ...NOTHING, isHidden: true }],
  ])('%s', (_what, evidence, found) => {
    expect(evidenceOf(evidence)).toEqual(found);
  });

  it('the candidate that became the route was chosen', () => {
    expect(evidenceOf({ probability: { billing: 0.9, sales: 0.1 } }, 'billing').scores[0]?.of[0]).toEqual({
      ...{ name: 'billing', score: 0.9, chosen: true },
    });
  });

  it('and named as people say it', () => {
    expect(['urgencyKeywords', 'rule_set', 'length'].map(memberName)).toEqual([
      'Urgency keywords',
      'Rule set',
      'Length',
    ]);
  });
});

describe('an SLA', () => {
  const sla = { ms: 1_000, dueAt: 2_000, warnAt: 1_800 };
  const done = (
    kind: 'route' | 'escalation',
    state: TimelineEntry['state'],
    finishedAt: number | null,
  ): TimelineEntry => ({
    ...{ name: kind === 'route' ? 'billing' : 'escalation', kind, state, startedAt: 1_010, finishedAt, attempts: [] },
  });
  const told = (
    status: 'running' | 'completed' | 'failed' | 'cancelled',
    entries: readonly TimelineEntry[] | undefined,
    { now = 1_500, finishedAt = undefined as number | undefined, warnedAt = undefined as number | undefined } = {},
  ) => {
    const run = { createdAt: 1_000, status, ...(finishedAt !== undefined && { finishedAt }) };
    const found = slaOf({ sla: { ...sla, ...(warnedAt !== undefined && { warnedAt }) } }, run, entries);
    return found && { ...slaWords(found, now), ranTo: slaRanTo(found, now) };
  };
  const failed = done('route', 'failed', 1_080);

  it.each([
    [
      'is kept by a route that completed',
      told('completed', [done('route', 'completed', 1_500)]),
      'good',
      'kept: answered after 500 ms',
      1_500,
    ],
    [
      'or by a person',
      told('completed', [done('escalation', 'completed', 1_700)], { finishedAt: 1_700 }),
      'good',
      'kept: answered after 700 ms',
      1_700,
    ],
    [
      'is breached by a late one',
      told('completed', [done('route', 'completed', 2_500)]),
      'bad',
      'breached: answered after 1.50 s',
      2_500,
    ],
    [
      'is not kept by a failure',
      told('failed', [failed], { finishedAt: 1_081 }),
      'idle',
      'ended without an answer after 81 ms',
      1_081,
    ],
    [
      'nor by a cancel',
      told('cancelled', [], { finishedAt: 1_081 }),
      'idle',
      'ended without an answer after 81 ms',
      1_081,
    ],
    [
      'breached without an answer',
      told('failed', [failed], { finishedAt: 2_100 }),
      'bad',
      'breached: ended without an answer after 1.10 s',
      2_100,
    ],
    [
      'of an answer whose end nobody recorded',
      told('completed', [done('route', 'completed', null)], { finishedAt: 1_400 }),
      'idle',
      'answered; when is not recorded',
      1_400,
    ],
    ['runs', told('running', []), 'busy', '500 ms left', 1_500],
    ['runs out', told('running', [], { now: 1_900 }), 'warn', '100 ms left', 1_900],
    [
      'is escalated when it was, and not by the clock',
      told('running', [], { now: 1_900, warnedAt: 1_801 }),
      'warn',
      '100 ms left, escalated',
      1_900,
    ],
    [
      'is breached while it runs',
      told('running', [], { now: 2_300, warnedAt: 1_801 }),
      'bad',
      'breached 300 ms ago, escalated',
      2_300,
    ],
    ['of an ended run whose stages are not known', told('failed', undefined, { finishedAt: 1_081 }), 'idle', '', 1_081],
  ] as const)('%s', (_what, found, state, label, ranTo) => {
    expect(found).toEqual({ state, label, ranTo });
  });
});
