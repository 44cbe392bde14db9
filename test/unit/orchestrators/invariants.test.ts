/** Each invariant is silent on a right history and flags the wrong ones, of which each differs from it in one thing. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type EffectDone,
  type EffectIntent,
  type Facts,
  type FinalStatus,
  OPERATOR_STATUSES,
  type RunRecord,
} from '../../../src/facts.js';
import { checkHistory } from '../../../src/orchestrators/invariants/check.js';
import {
  type History,
  INVARIANTS,
  type Invariant,
  type Submission,
} from '../../../src/orchestrators/invariants/history.js';
import { violationText } from '../../../src/orchestrators/invariants/verdict.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { failed, pending, succeeded } from '../../support/facts.js';
import { anyInput, echo, task } from '../../support/workflows.js';

const undo = task('undo');
const saga = defineSaga({ name: 'shop', input: z.unknown() })
  .step('pay', task('pay'), { with: () => 1, undo: [undo, () => 1] })
  .step('ship', task('ship'), { with: () => 1, undo: [undo, () => 1] })
  .returns(() => 'done');
const desk = defineRouter({
  name: 'desk',
  input: anyInput,
  classify: () => ({ route: 'left', priority: 'LOW', evidence: 1 }),
  routes: { left: { run: task('left'), with: () => 1 }, right: { run: task('right'), with: () => 1 } },
  returns: () => 1,
});
const definitions = [saga, desk, echo];

const intent = (at: number, attempt = 1): EffectIntent => ({ attempt, at, key: 'key' });
const done = (from: number, to: number, attempt = 1): EffectDone => ({
  attempt,
  startedAt: from,
  finishedAt: to,
  output: 1,
});

interface Shape extends Partial<Omit<RunRecord, 'intents' | 'done' | 'outcome'>> {
  readonly status?: FinalStatus;
  readonly intents?: Record<string, EffectIntent>;
  readonly done?: Record<string, EffectDone>;
  readonly output?: unknown;
}

function facts(
  id: string,
  { status, intents = {}, done: ended = {}, output, ...record }: Shape,
  stages: Facts['stages'] = new Map(),
): Facts {
  return {
    stages,
    record: {
      id,
      workflow: id.slice(0, id.indexOf('-')),
      version: 1,
      input: {},
      inputHash: 'hash',
      priority: 'MEDIUM',
      createdAt: 0,
      failedAttempts: new Map(),
      asked: new Map(),
      answeredFor: new Map(),
      words: [],
      ...record,
      intents: new Map(Object.entries(intents)),
      done: new Map(Object.entries(ended)),
      ...(status && { outcome: { status, finishedAt: 900, ...(output !== undefined && { output }) } }),
    },
  };
}

const PAID = 'shop-0-k1';
const UNDONE = 'shop-0-k2';
const ROUTED = 'desk-0-k3';
const FANNED = 'echo-0-k4';

const paid = {
  status: 'completed' as const,
  intents: { pay: intent(100), ship: intent(200) },
  done: { pay: done(100, 150), ship: done(200, 250) },
};
/** Its second step may have happened: the intent counts. */
const undone = {
  status: 'compensated' as const,
  intents: { pay: intent(100), ship: intent(200), 'ship.undo': intent(300), 'pay.undo': intent(400) },
  done: { pay: done(100, 150), 'ship.undo': done(300, 350), 'pay.undo': done(400, 450) },
};
const routed = { status: 'completed' as const, decision: { route: 'left', priority: 'LOW', evidence: 1 } };

const submission = (run: string, more: Partial<Submission> = {}): Submission => ({
  workflow: run.slice(0, run.indexOf('-')),
  key: run,
  input: '{}',
  at: 0,
  answer: { kind: 'accepted', run, duplicate: false },
  ends: [run === UNDONE ? 'compensated' : 'completed'],
  ...more,
});

const RIGHT: History = {
  submissions: [
    submission(PAID),
    submission(PAID, { answer: { kind: 'accepted', run: PAID, duplicate: true } }),
    submission(PAID, { input: '{"other":1}', answer: { kind: 'refused', code: 'KEY_CONFLICT' } }),
    submission(UNDONE),
    submission(ROUTED),
    submission(FANNED),
  ],
  definition: (name) => definitions.find((definition) => definition.name === name),
  runs: new Map([
    [PAID, facts(PAID, paid)],
    [UNDONE, facts(UNDONE, undone)],
    [ROUTED, facts(ROUTED, routed, new Map([['left', succeeded()]]))],
    ['desk-0-k5', facts('desk-0-k5', routed, new Map([['left', succeeded()]]))],
    [FANNED, facts(FANNED, { status: 'completed', output: [1] }, new Map([['only', succeeded()]]))],
  ]),
  skewMs: 0,
  withinMs: 1_000,
  openJobs: [],
  tellings: [{ run: PAID, status: 'completed' }],
  endings: [{ run: PAID, status: 'completed' }],
  money: {
    due: new Map([
      [PAID, 500],
      [UNDONE, 700],
    ]),
    movements: [
      { run: PAID, kind: 'charge', amountMinor: 500 },
      { run: UNDONE, kind: 'charge', amountMinor: 700 },
      { run: UNDONE, kind: 'refund', amountMinor: 700 },
    ],
  },
  stock: [
    {
      item: 'box',
      before: 10,
      after: 8,
      ordered: new Map([
        [PAID, 2],
        [UNDONE, 3],
      ]),
    },
  ],
  ledger: [
    { books: 'shop', seq: 1, key: `${PAID}/pay/1` },
    { books: 'shop', seq: 2, key: `${PAID}/ship/1` },
    { books: 'shop', seq: 3, key: `${UNDONE}/pay/1` },
    { books: 'shop', seq: 4, key: `${UNDONE}/ship.undo/1` },
    { books: 'shop', seq: 5, key: `${UNDONE}/pay.undo/1` },
  ],
  replays: [
    { key: `${PAID}/pay/1`, arguments: 'same', refused: false },
    { key: `${PAID}/pay/1`, arguments: 'other', refused: true },
  ],
  attempts: [
    { run: PAID, stage: 'pay', attempt: 1, begunAt: 1 },
    { run: PAID, stage: 'pay', attempt: 2, begunAt: 5 },
    { run: FANNED, stage: 'only', attempt: 1, begunAt: 1 },
  ],
  writes: [
    { run: PAID, stage: 'pay', attempt: 1, what: 'done', sentAt: 4, accepted: true },
    { run: PAID, stage: 'pay', attempt: 1, what: 'done', sentAt: 6, accepted: false },
  ],
  remains: [{ what: 'children', before: 2, after: 2 }],
  outcomesIn: (_workflow, output) => (Array.isArray(output) ? output.length : undefined),
};

const withRun = (changed: Facts): Partial<History> => ({ runs: new Map(RIGHT.runs).set(changed.record.id, changed) });
const without = (run: string): Partial<History> => {
  const runs = new Map(RIGHT.runs);
  runs.delete(run);
  return { runs };
};
const money = (...movements: NonNullable<History['money']>['movements']): Partial<History> => ({
  money: { due: RIGHT.money?.due ?? new Map(), movements },
});
const charge = (run: string, amountMinor: number) => ({ run, kind: 'charge' as const, amountMinor });
const refund = (run: string, amountMinor: number) => ({ run, kind: 'refund' as const, amountMinor });

/** A run that ended in this way first, was retried in its place this often, and then completed. */
function again(first: FinalStatus, retries: number, ends: readonly FinalStatus[] = [first, 'completed']) {
  const words = Array.from({ length: retries }, (_, at) => ({ command: 'retry' as const, at }));
  const told = (status: FinalStatus) => ({ run: PAID, status });
  return {
    ...withRun(facts(PAID, { ...paid, words })),
    endings: ends.map(told),
    tellings: [told(first), told('completed')],
    withinMs: 899,
    submissions: RIGHT.submissions.map((one) =>
      'run' in one.answer && one.answer.run === PAID ? one : { ...one, at: 1 },
    ),
  } satisfies Partial<History>;
}

type Wrong = readonly [what: string, invariant: Invariant, change: Partial<History>];

const WRONG: readonly Wrong[] = [
  ['an accepted run without a record', 'I1', without(FANNED)],
  ['a run that does not end', 'I1', withRun(facts(FANNED, {}, new Map([['only', pending]])))],
  ['another end than ordered', 'I1', withRun(facts(UNDONE, { status: 'failed' }))],
  ['a stage pending after the end', 'I1', withRun(facts(PAID, paid, new Map([['ship', pending]])))],
  ['a job left of an ended run', 'I1', { openJobs: [{ run: PAID, job: 'tasks:x', state: 'active' }] }],
  ['an end that came too late', 'I1', { withinMs: 899 }],
  ['a second charge', 'I2', money(charge(PAID, 500), charge(PAID, 500), charge(UNDONE, 700), refund(UNDONE, 700))],
  ['no charge', 'I2', money()],
  ['a refund of a completed run', 'I2', money(charge(PAID, 500), refund(PAID, 500))],
  ['a charge that was not refunded', 'I2', money(charge(PAID, 500), charge(UNDONE, 700))],
  ['another amount', 'I2', money(charge(PAID, 501), charge(UNDONE, 700), refund(UNDONE, 700))],
  ['a charge of no run', 'I2', money(...(RIGHT.money?.movements ?? []), charge('shop-0-k9', 1))],
  ['stock that nobody took', 'I3', { stock: [{ item: 'box', before: 10, after: 7, ordered: new Map([[PAID, 2]]) }] }],
  [
    'stock that came back from nowhere',
    'I3',
    { stock: [{ item: 'box', before: 10, after: 9, ordered: new Map([[PAID, 2]]) }] },
  ],
  [
    'undos in the order of the steps',
    'I4',
    withRun(
      facts(UNDONE, {
        ...undone,
        intents: { ...undone.intents, 'pay.undo': intent(300), 'ship.undo': intent(400) },
        done: { ...undone.done, 'pay.undo': done(300, 350), 'ship.undo': done(400, 450) },
      }),
    ),
  ],
  [
    'compensated with an undo that is not recorded',
    'I4',
    withRun(facts(UNDONE, { ...undone, done: { pay: done(100, 150), 'ship.undo': done(300, 350) } })),
  ],
  ['compensated with nothing that was undone', 'I4', withRun(facts(UNDONE, { status: 'compensated' }))],
  [
    'an undo of a step that never began',
    'I4',
    withRun(
      facts(UNDONE, { ...undone, intents: { pay: intent(100), 'ship.undo': intent(300), 'pay.undo': intent(400) } }),
    ),
  ],
  [
    'completed, and undone',
    'I4',
    withRun(facts(PAID, { ...paid, intents: { ...paid.intents, 'ship.undo': intent(300) } })),
  ],
  ['completed without a step', 'I4', withRun(facts(PAID, { ...paid, done: { pay: done(100, 150) } }))],
  [
    'a step before the one before it was recorded',
    'I4',
    withRun(facts(PAID, { ...paid, done: { pay: done(100, 150), ship: done(100, 149) } })),
  ],
  [
    'a ledger in another order',
    'I4',
    {
      ledger: [
        { books: 'shop', seq: 1, key: `${PAID}/ship/1` },
        { books: 'shop', seq: 2, key: `${PAID}/pay/1` },
      ],
    },
  ],
  ['a branch without an outcome', 'I5', withRun(facts(FANNED, { status: 'completed', output: [1] }))],
  [
    'a branch that was not planned',
    'I5',
    withRun(
      facts(
        FANNED,
        { status: 'completed', output: [1] },
        new Map([
          ['only', succeeded()],
          ['more', failed()],
        ]),
      ),
    ),
  ],
  [
    'an output with too many outcomes',
    'I5',
    withRun(facts(FANNED, { status: 'completed', output: [1, 2] }, new Map([['only', succeeded()]]))),
  ],
  [
    'two runs under one key',
    'I6',
    {
      submissions: [
        ...RIGHT.submissions,
        submission(PAID, { answer: { kind: 'accepted', run: ROUTED, duplicate: true } }),
      ],
    },
  ],
  ['a key accepted twice', 'I6', { submissions: [...RIGHT.submissions, submission(PAID)] }],
  [
    'a key accepted with another input',
    'I6',
    {
      submissions: [
        ...RIGHT.submissions,
        submission(PAID, { input: '{"x":1}', answer: { kind: 'accepted', run: PAID, duplicate: true } }),
      ],
    },
  ],
  [
    'the same input refused',
    'I6',
    { submissions: [...RIGHT.submissions, submission(PAID, { answer: { kind: 'refused', code: 'KEY_CONFLICT' } })] },
  ],
  ['a row under a made-up key', 'I6', { ledger: [{ books: 'shop', seq: 9, key: 'b1946ac9' }] }],
  [
    'two rows under one key',
    'I6',
    {
      ledger: [
        { books: 'shop', seq: 8, key: `${PAID}/pay/1` },
        { books: 'shop', seq: 9, key: `${PAID}/pay/1` },
      ],
    },
  ],
  [
    'a replay with other arguments that was accepted',
    'I6',
    { replays: [{ key: 'k', arguments: 'other', refused: false }] },
  ],
  ['a replay that was refused', 'I6', { replays: [{ key: 'k', arguments: 'same', refused: true }] }],
  [
    'a late write that was accepted',
    'I7',
    { writes: [{ run: PAID, stage: 'pay', attempt: 1, what: 'done', sentAt: 6, accepted: true }] },
  ],
  [
    'a record of an older attempt',
    'I7',
    withRun(facts(PAID, { ...paid, intents: { ...paid.intents, ship: intent(220, 2) } })),
  ],
  ['a result of an older attempt', 'I7', { attempts: [{ run: FANNED, stage: 'only', attempt: 2, begunAt: 3 }] }],
  ['two recorded ends', 'I8', { endings: [...(RIGHT.endings ?? []), { run: PAID, status: 'completed' }] }],
  ['a client that was told of another end', 'I8', { tellings: [{ run: PAID, status: 'failed' }] }],
  ['an end before a retry that no retry follows', 'I8', { ...again('failed', 0), tellings: [] }],
  ['three ends of a run that was retried once', 'I8', again('failed', 1, ['failed', 'failed', 'completed'])],
  ['a retry in place of a run that had completed', 'I8', again('completed', 1, ['completed', 'completed'])],
  ['a process left over', 'I9', { remains: [{ what: 'children', before: 2, after: 3 }] }],
  [
    'a route that was not decided',
    'I10',
    withRun(
      facts(
        ROUTED,
        routed,
        new Map([
          ['left', succeeded()],
          ['right', succeeded()],
        ]),
      ),
    ),
  ],
  [
    'another decision for the same query',
    'I10',
    withRun(
      facts(
        ROUTED,
        { ...routed, decision: { ...routed.decision, priority: 'HIGH' } },
        new Map([['left', succeeded()]]),
      ),
    ),
  ],
];

describe('the checker', () => {
  test('is silent on a right history, having looked at every invariant', () => {
    const { violations, checked } = checkHistory(RIGHT);
    expect(violations.map(violationText)).toEqual([]);
    for (const id of INVARIANTS) expect(checked[id], id).toBeGreaterThan(0);
  });

  test.each(WRONG)('flags %s, by %s', (_what, invariant, change) => {
    const { violations } = checkHistory({ ...RIGHT, ...change });
    expect(violations.map((violation) => violation.invariant)).toContain(invariant);
    for (const { expected, found } of violations) expect([expected, found].every((text) => text !== '')).toBe(true);
  });

  test('has a wrong history for each invariant', () => {
    expect(new Set(WRONG.map(([, invariant]) => invariant))).toEqual(new Set(INVARIANTS));
  });

  test('does not take the start of an attempt for its time: it is stamped before Redis is asked', () => {
    const thawed = facts(PAID, {
      ...paid,
      intents: { pay: intent(100), ship: intent(1) },
      done: { ...paid.done, ship: done(1, 250) },
    });
    expect(checkHistory({ ...RIGHT, ...withRun(thawed) }).violations.map(violationText)).toEqual([]);
  });

  test('counts a question to a person as an end, with what may have happened left open', () => {
    const stuck = facts(UNDONE, { ...undone, phase: 'compensation_stuck', done: { pay: done(100, 150) } });
    const { status: _ended, ...open } = { ...undone, phase: 'compensation_stuck' as const };
    const waiting = { ...stuck, record: { ...facts(UNDONE, open).record, done: new Map([['pay', done(100, 150)]]) } };
    const intents = new Map([...waiting.record.intents].filter(([stage]) => stage !== 'pay.undo'));
    const submissions = [submission(UNDONE, { ends: ['compensation_stuck'] })];
    const runs = new Map(RIGHT.runs).set(UNDONE, { ...waiting, record: { ...waiting.record, intents } });
    const openJobs = [{ run: UNDONE, job: `runs:${UNDONE}`, state: 'waiting-children' }];
    const stock = [
      {
        item: 'box',
        before: 10,
        after: 5,
        ordered: new Map([
          [PAID, 2],
          [UNDONE, 3],
        ]),
      },
    ];
    const { violations } = checkHistory({
      ...RIGHT,
      ...money(charge(PAID, 500), charge(UNDONE, 700)),
      submissions,
      runs,
      openJobs,
      stock,
      ledger: [],
    });
    expect(violations.map(violationText)).toEqual([]);
  });

  test.each(OPERATOR_STATUSES)('takes %s for a question to a person, which a run may wait with', (phase) => {
    const { status: _ended, ...open } = paid;
    const history = { ...RIGHT, submissions: [submission(PAID, { ends: [phase] })], tellings: [], endings: [] };
    const { violations } = checkHistory({
      ...history,
      money: money().money,
      ...withRun(facts(PAID, { ...open, phase })),
    });
    expect(violations.filter(({ invariant }) => invariant === 'I1').map(violationText)).toEqual([]);
  });

  test('takes a retry in place for a second beginning, not for a second end', () => {
    const { violations } = checkHistory({ ...RIGHT, ...again('failed', 1) });
    expect(violations.map(violationText)).toEqual([]);
    const reopened = facts(PAID, { intents: paid.intents, words: [{ command: 'retry', at: 1 }] });
    const told = [{ run: PAID, status: 'partial' as const }];
    const { violations: early } = checkHistory({ ...RIGHT, ...withRun(reopened), tellings: told, endings: told });
    expect(early.filter(({ invariant }) => invariant === 'I8').map(violationText)).toEqual([]);
  });

  test('asks for an intent before each end, but where a person has answered', () => {
    const { ship: _lost, ...kept } = paid.intents;
    const { violations } = checkHistory({ ...RIGHT, ...withRun(facts(PAID, { ...paid, intents: kept })) });
    expect(violations.map(violationText)).toContainEqual(expect.stringContaining('"ship" done only after its intent'));
    const words = [{ command: 'resolve', at: 1, stage: 'ship', happened: true }] as const;
    const answered = checkHistory({ ...RIGHT, ...withRun(facts(PAID, { ...paid, intents: kept, words })) });
    expect(answered.violations.filter(({ invariant }) => invariant === 'I4')).toEqual([]);
  });

  test('does not ask for an undo that a person has set aside', () => {
    const aside = facts(UNDONE, {
      ...undone,
      status: 'failed',
      done: { pay: done(100, 150), 'pay.undo': done(400, 450) },
    });
    const submissions = [submission(UNDONE, { ends: ['failed'] })];
    const history = { ...RIGHT, ...withRun(aside), submissions, setAside: new Map([[UNDONE, new Set(['ship'])]]) };
    expect(checkHistory(history).violations.map(violationText)).toEqual([]);
    const { violations } = checkHistory({ ...history, setAside: new Map() });
    expect(violations.map(({ invariant }) => invariant)).toContain('I4');
  });
});
