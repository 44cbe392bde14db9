import { describe, expect, it } from 'vitest';
import type { SagaDefinition } from '../../../src/orchestrators/definition.js';
import type { Stage } from '../../../src/orchestrators/move.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { type KeptFacts, keepFacts, keptAfter, madeAnew } from '../../../src/processors/kept-facts.js';
import { nextEffect } from '../../../src/processors/next-effect.js';
import { factsOf, failedAttempt, type Known, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const keyed = task('keyed', undefined, { key: true });
const undo: [typeof keyed, (of: { key: string }) => unknown] = [keyed, ({ key }) => ({ undoes: key })];

const saga = defineSaga({ name: 'saga', input: anyInput })
  .step('one', keyed, { with: ({ input }) => input, undo })
  .step('two', keyed, { with: ({ done }) => done.one, undo })
  .step('blind', task('blind'), { with: () => ({}) })
  .step('broken', keyed, {
    with: () => {
      throw new Error('no');
    },
  })
  .step('untakeable', keyed, { with: () => ({}), undo: [keyed, ({ output }) => (output as { id: number }).id] })
  .step('untellable', keyed, { with: () => ({}), undo: [keyed, () => ({ cents: 5n })] })
  .step('pivot', keyed, { with: () => ({}), pivot: true })
  .step('asked', task('asked', undefined, { key: true }), { with: () => ({}) })
  .returns(() => null);

const definition = saga as unknown as SagaDefinition;
const output = { items: [1] };
const fact = succeeded(output);
const done = JSON.stringify({ attempt: 1, startedAt: 10, finishedAt: 20, output });
const kept = (known: Known = {}) =>
  keptAfter(keepFacts(factsOf({ input: { a: [1] }, ...known })), { stage: 'one', fact, done });
const made = (known: KeptFacts, ...stages: readonly Stage[]) => nextEffect(definition, known, madeAnew(known), stages);
const next = (stage: string, known?: Known) => made(kept(known), { kind: 'step', stage });

describe('the effect that comes next', () => {
  it('is made ready with its intent, its input and facts of its own', () => {
    expect(next('two')).toMatchObject({
      stage: 'two',
      intent: { attempt: 1, key: 'flow-0-t1/two/1', undoArgs: { undoes: 'flow-0-t1/two/1' } },
      begun: { input: { items: [1] }, facts: { record: { input: { a: [1] } }, stages: new Map([['one', fact]]) } },
    });
  });

  it('is made ready on the way back with what was stored for it', () => {
    const stored = JSON.stringify({ ...JSON.parse(done), undoArgs: { id: 7 } });
    const back = made(keptAfter(kept(), { stage: 'two', fact, done: stored }), { kind: 'undo', stage: 'two.undo' });
    expect(back).toMatchObject({ intent: { attempt: 1, key: 'flow-0-t1/two.undo/1' }, begun: { input: { id: 7 } } });
    expect(back?.intent).not.toHaveProperty('undoArgs');
  });

  it('is given nothing that the one before it was given: what that changes reaches nobody', () => {
    const before = keepFacts(factsOf({ input: { a: [1] } }));
    const again = () => made(before, { kind: 'step', stage: 'one' })?.begun.input;
    Object.assign(Object(again()), { a: 'spoilt' });
    expect(again()).toEqual({ a: [1] });
  });

  it.each<[why: string, stage: string, known: Known]>([
    ['nobody could say whether it happened', 'blind', {}],
    ['what it is given cannot be made', 'broken', {}],
    ['what would take it back cannot be made', 'untakeable', {}],
    ['what would take it back cannot be told', 'untellable', {}],
    ['it is the point of no return', 'pivot', {}],
    ['the definition has none of its name', 'another', {}],
    ['its intent is recorded', 'asked', { intents: ['asked'] }],
    ['a person has answered for it', 'asked', { answeredFor: { asked: 3 } }],
    ['it has failed before', 'asked', { failedAttempts: { asked: [failedAttempt(1)] } }],
  ])('begins in its own time where %s', (_why, stage, known) => {
    expect(next(stage, known)).toBeUndefined();
  });

  it('begins in its own time where it is several, or none', () => {
    const two = [
      { kind: 'step', stage: 'one' },
      { kind: 'step', stage: 'two' },
    ] as const;
    expect(made(kept(), ...two)).toBeUndefined();
    expect(made(kept())).toBeUndefined();
    expect(made(kept(), { kind: 'attention', stage: 'one.attention' })).toBeUndefined();
  });
});
