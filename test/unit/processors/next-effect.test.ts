import { describe, expect, it } from 'vitest';
import type { EffectDone, Facts, RunRecord } from '../../../src/facts.js';
import type { SagaDefinition } from '../../../src/orchestrators/definition.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { keepFacts, keptAfter } from '../../../src/processors/kept-facts.js';
import { nextEffect } from '../../../src/processors/next-effect.js';
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
  .step('asked', task('asked', undefined, { key: true }), { with: () => ({}) })
  .returns(() => null);

const definition = saga as unknown as SagaDefinition;
const done: EffectDone = { attempt: 1, startedAt: 1, finishedAt: 2, output: { items: [1] } };

function facts(more: Partial<RunRecord> = {}): Facts {
  const record: RunRecord = {
    ...{ id: 'r', workflow: 'saga', version: 1, input: { a: [1] }, inputHash: '', priority: 'MEDIUM', createdAt: 0 },
    ...{ intents: new Map(), done: new Map(), failedAttempts: new Map(), asked: new Map(), answeredFor: new Map() },
    words: [],
    ...more,
  };
  return { record, stages: new Map() };
}

const kept = (more?: Partial<RunRecord>) =>
  keptAfter(keepFacts(facts(more)), { stage: 'one', fact: { state: 'done', ...done }, done: JSON.stringify(done) });

const next = (stage: string, more?: Partial<RunRecord>) =>
  nextEffect(definition, kept(more), [{ kind: 'step', stage }]);

describe('the effect that comes next', () => {
  it('is made ready with its intent, its input and facts of its own', () => {
    expect(next('two')).toMatchObject({
      stage: 'two',
      intent: { attempt: 1, key: 'r/two/1', undoArgs: { undoes: 'r/two/1' } },
      begun: { input: { items: [1] }, facts: { record: { input: { a: [1] } }, stages: new Map([['one', done]]) } },
    });
  });

  it('is made ready on the way back with what was stored for it', () => {
    const stored = new Map([['two', { ...done, undoArgs: { id: 7 } }]]);
    const back = nextEffect(definition, kept({ done: stored }), [{ kind: 'undo', stage: 'two.undo' }]);
    expect(back).toMatchObject({ intent: { attempt: 1, key: 'r/two.undo/1' }, begun: { input: { id: 7 } } });
    expect(back?.intent).not.toHaveProperty('undoArgs');
  });

  it('is given nothing that the one before it was given: what that changes reaches nobody', () => {
    const before = keepFacts(facts());
    const again = () => nextEffect(definition, before, [{ kind: 'step', stage: 'one' }])?.begun.input;
    Object.assign(Object(again()), { a: 'spoilt' });
    expect(again()).toEqual({ a: [1] });
  });

  it.each([
    ['nobody could say whether it happened', 'blind', {}],
    ['what it is given cannot be made', 'broken', {}],
    ['what would take it back cannot be made', 'untakeable', {}],
    ['the definition has none of its name', 'another', {}],
    ['its intent is recorded', 'asked', { intents: new Map([['asked', { attempt: 1, at: 0, key: 'r/asked/1' }]]) }],
    ['a person has answered for it', 'asked', { answeredFor: new Map([['asked', 3]]) }],
    ['it has failed before', 'asked', { failedAttempts: new Map([['asked', []]]) }],
  ])('begins in its own time where %s', (_why, stage, more) => {
    expect(next(stage, more)).toBeUndefined();
  });

  it('begins in its own time where it is several, or none', () => {
    const two = [
      { kind: 'step', stage: 'one' },
      { kind: 'step', stage: 'two' },
    ] as const;
    expect(nextEffect(definition, kept(), two)).toBeUndefined();
    expect(nextEffect(definition, kept(), [])).toBeUndefined();
    expect(nextEffect(definition, kept(), [{ kind: 'attention', stage: 'one.attention' }])).toBeUndefined();
  });
});
