import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError, SwitchyardError } from '../../../src/errors.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { defineTask } from '../../../src/task.js';
import { type Choose, call, FORGETS, type Simulated, scheduleOf, simulate } from '../../support/simulation.js';

interface Effect {
  readonly stage: string;
  readonly key: string;
  readonly args: unknown;
}

interface Told extends Simulated {
  readonly effects: readonly Effect[];
  /** Whether the mail is the point of no return. */
  readonly pivot: boolean;
}

const STEPS = ['stock', 'payment', 'label', 'mail', 'report'] as const;
const UNDOABLE = ['stock', 'payment', 'label'];

/**
 * Stock is keyed, payment unsafe without a way to ask, the label idempotent and undone by an unsafe task; the mail is at
 * times the point of no return.
 */
async function tell(choose: Choose): Promise<Told> {
  const effects: Effect[] = [];
  const work = (name: string, safety: { key?: true; idempotent?: true }) =>
    defineTask({
      name,
      input: z.unknown(),
      output: z.unknown(),
      attempts: 3,
      ...safety,
      run: async (args, { stage, key }) => {
        const end = choose(10);
        if (end === 1) throw new PermanentError('refused');
        if (end === 2) throw new Error('busy');
        // The effect may have happened before its answer was lost, or not.
        if (end !== 3) await call(() => effects.push({ stage, key, args }));
        if (end === 3 || end === 4) throw new SwitchyardError('TOOL_TIMEOUT', 'no answer', { answered: false });
        return `${stage} done`;
      },
    });
  const undo = work('undo', { key: true });
  const mute = choose(4) === 1;
  const pivot = choose(3) === 1;
  const saga = defineSaga({ name: 'simulated', input: z.object({ mute: z.boolean() }) })
    .step('stock', work('stock', { key: true }), { with: () => 1, undo: [undo, ({ key }) => key] })
    .step('payment', work('payment', {}), { with: () => 1, undo: [undo, ({ key }) => key] })
    .step('label', work('label', { idempotent: true }), { with: () => 1, undo: [work('burn', {}), ({ key }) => key] })
    .step('mail', work('mail', { key: true }), { with: () => 1, ...(pivot && { pivot }) })
    .step('report', work('report', {}), { with: () => 1 })
    .returns((_done, { status }) => {
      if (mute && status === 'completed') throw new Error('no words');
      return status;
    });
  return { ...(await simulate(saga, { mute }, choose)), effects, pivot };
}

const schedule = fc.noBias(fc.array(fc.nat(10_000), { maxLength: 200, size: 'max' }));
// A failure is shrunk for a while only: shorter schedules are easier to read, and these are cut to nothing but zeroes.
/** All of them in the lane at length, which CI runs too. */
const isAtLength = process.env.TEST_SUITE === 'chaos';
const SCHEDULES = isAtLength ? 10_000 : 1_500;
const options = { numRuns: SCHEDULES, interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true };
const first = (effects: readonly Effect[]) => [...new Set(effects.map((effect) => effect.stage))];
const statusOf = ({ record }: Simulated) => record.outcome?.status ?? record.phase;

/** Times that a person had this stage tried again. */
const triedAgain = ({ record }: Simulated, stage: string) =>
  record.words.filter((word) => word.stage === stage && (word.command === 'resume' || word.happened === false)).length;

test('[P1] [P3] [P4] whatever dies, freezes, fails, is removed, cancelled or answered: a saga ends once, in order, undone in reverse, and never lies', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(schedule, async (numbers) => {
      const told = await tell(scheduleOf(numbers));
      const { record, effects } = told;
      const status = statusOf(told) ?? 'open';
      seen.set(status, (seen.get(status) ?? 0) + 1);
      expect(told.settled).toBe(true);
      expect(told.endings).toBe(record.outcome ? 1 : 0);

      const forward = first(effects.filter(({ stage }) => !stage.endsWith('.undo')));
      expect(forward).toEqual(STEPS.filter((step) => forward.includes(step)));
      const back = first(effects.filter(({ stage }) => stage.endsWith('.undo')));
      const due = UNDOABLE.filter((step) => record.intents.has(step)).reverse();
      expect(back).toEqual(due.map((step) => `${step}.undo`).filter((stage) => back.includes(stage)));

      for (const { stage, key, args } of effects) {
        expect(key).toBe(`${record.id}/${stage}/1`);
        if (stage.endsWith('.undo')) expect(args).toBe(`${record.id}/${stage.slice(0, -'.undo'.length)}/1`);
      }
      // Nothing that is unsafe and cannot be asked about happens twice, unless a person said so.
      for (const unsafe of ['payment', 'label.undo', 'report']) {
        const times = effects.filter(({ stage }) => stage === unsafe).length;
        expect(times).toBeLessThanOrEqual(1 + triedAgain(told, unsafe));
      }
      const pastPivot = told.pivot && record.done.has('mail');
      if (pastPivot) expect(back).toEqual([]);
      const outstanding = due.filter((step) => !record.done.has(`${step}.undo`));
      switch (status) {
        case 'completed':
          expect(STEPS.filter((step) => !record.done.has(step))).toEqual([]);
          expect(back).toEqual([]);
          expect(record.stop === undefined || pastPivot).toBe(true);
          break;
        case 'compensated':
          expect(due.length).toBeGreaterThan(0);
          expect(outstanding).toEqual([]);
          break;
        case 'cancelled':
          expect(record.stop?.cause).toBe('cancelled');
          expect(due).toEqual([]);
          break;
        case 'failed': {
          const abandoned = record.words.some(({ command }) => command === 'abandon');
          const skipped = record.words.flatMap(({ command, stage }) => (command === 'skip' && stage ? [stage] : []));
          // Past the point of no return, `returns` that throws can take nothing back any more.
          if (!abandoned && !pastPivot)
            expect(outstanding.filter((step) => !skipped.includes(`${step}.undo`))).toEqual([]);
          expect(record.outcome?.notUndone ?? []).toEqual(outstanding);
        }
      }
    }),
    options,
  );
  // A simulation that only ever saw one ending would prove nothing. The last one is rare: past the pivot, every attempt lost.
  const endings = ['completed', 'compensated', 'cancelled', 'failed', 'compensation_stuck', 'in_doubt'];
  if (isAtLength) endings.push('step_stuck');
  expect([...seen.keys()]).toEqual(expect.arrayContaining(endings));
}, 120_000);

test('the same schedule tells the same story', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async (numbers) => {
      const [one, two] = [await tell(scheduleOf(numbers)), await tell(scheduleOf(numbers))];
      expect(two).toEqual(one);
    }),
    { numRuns: 100 },
  );
}, 30_000);

test('a schedule on which nothing goes wrong completes in one turn a step, and the root’s own', async () => {
  const told = await tell(scheduleOf([]));
  expect(statusOf(told)).toBe('completed');
  expect(told.turns).toBe(STEPS.length + 2);
});

test.each([
  { to: 'complete', refused: Number.NaN, status: 'completed' },
  { to: 'be undone', refused: STEPS.indexOf('report'), status: 'compensated' },
])('[P4] whatever ends Redis forgets, a saga that is to $to does', async ({ refused, status }) => {
  const forgotten = fc.array(fc.boolean(), { minLength: 10, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(forgotten, async (forgets) => {
      let [ends, calls] = [0, 0];
      const told = await tell((choices) => {
        if (choices === FORGETS) return forgets[ends++] ? 1 : 0;
        // What a tool answers: the call that is to be refused is.
        return choices === 10 && calls++ === refused ? 1 : 0;
      });
      expect(statusOf(told)).toBe(status);
      expect(told.effects).toHaveLength(status === 'completed' ? STEPS.length : STEPS.length - 1 + UNDOABLE.length);
    }),
    { numRuns: 200 },
  );
});
