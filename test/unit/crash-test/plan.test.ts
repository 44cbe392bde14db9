import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Boundary } from '../../../src/cli/crash-test/order.js';
import { planCases, turnableSteps } from '../../../src/cli/crash-test/plan.js';
import type { RunRecord } from '../../../src/cli/crash-test/record.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { mcpTask } from '../../../src/task.js';
import { approval } from '../../../src/wait-task.js';

const run = 'run';

/** What is written down about an undisturbed run in which each of these stages made one call. */
function record(stages: readonly string[], boundaries: readonly Boundary[]): RunRecord {
  return {
    passed: boundaries.map((boundary) => ({ kind: 'passed', run, held: false, ...boundary })),
    ran: stages.map((stage) => ({ kind: 'ran', run, stage, attempt: 1 })),
    undoArgs: [],
    calls: stages.map((stage) => ({
      ...{ kind: 'call', id: stage, server: 's', tool: 't', args: {}, run, stage, attempt: 1 },
      answer: { kind: 'answer', id: stage, ms: 5, delivered: true, result: {} },
    })),
  };
}

const around = (moment: Boundary['moment'], stage: string): Boundary[] => [
  { when: 'before', moment, stage },
  { when: 'after', moment, stage },
];

function saga(spec: Parameters<typeof mcpTask>[1]) {
  return defineSaga({ name: 'saga', input: z.object({}) })
    .step('pay', mcpTask('s.pay', spec), { with: () => ({}), undo: [mcpTask('s.refund', spec), () => ({})] })
    .returns(() => null);
}

function names(spec: Parameters<typeof mcpTask>[1], onlyReads = false): readonly string[] {
  const forward = record(['pay'], [...around('intent', 'pay'), ...around('task', 'pay'), ...around('end', '')]);
  const back = record(['pay', 'pay.undo'], [...forward.passed, ...around('intent', 'pay.undo'), ...around('end', '')]);
  const cases = planCases(saga(spec), { forward, back, onlyReads: () => onlyReads });
  return cases.map(({ step, name }) => `${step} ${name}`);
}

describe('the plan', () => {
  it('has a case for each boundary that was passed, and each end of either way, once', () => {
    expect(names({ key: 'id' }).filter((name) => /before|after intent/.test(name))).toEqual([
      '(run) before the end is recorded',
      '(run) undo: before the end is recorded',
      'pay before intent',
      'pay after intent, before effect',
      'pay undo: before intent',
      'pay undo: after intent, before effect',
    ]);
  });

  it('repeats only what the engine would repeat', () => {
    const repeated = (spec: Parameters<typeof mcpTask>[1]) =>
      names(spec).filter((name) => /twice$|call late|retried/.test(name) && name.startsWith('pay'));
    expect(repeated({ key: 'id' })).toHaveLength(6);
    expect(repeated({ idempotent: true })).toHaveLength(6);
    expect(repeated({})).toEqual([]);
    expect(repeated({ key: 'id', attempts: 1 })).toEqual([]);
  });

  it('asks a tool that only reads no second time', () => {
    expect(names({ key: 'id' }, true).filter((name) => /sent twice|call late/.test(name))).toEqual([]);
  });

  it('takes the first item of a list for all', () => {
    const each = mcpTask('s.each', { idempotent: true });
    const list = defineFanOut({
      name: 'list',
      input: z.object({}),
      each,
      split: () => [{}, {}],
      aggregate: () => null,
    });
    const stages = ['item.0', 'item.1'];
    const forward = record(
      stages,
      stages.flatMap((stage) => around('task', stage)),
    );
    const steps = planCases(list, { forward, onlyReads: () => false }).map(({ step }) => step);
    expect([...new Set(steps)]).toEqual(['(run)', 'item.0']);
  });

  it('turns back only what is before the pivot, and holds a call back for an undo that repeats nothing', () => {
    const undo = [mcpTask('s.refund', { key: 'id' }), () => ({})] as const;
    const before = defineSaga({ name: 'saga', input: z.object({}) }).step('pay', mcpTask('s.pay', { key: 'id' }), {
      with: () => ({}),
      undo,
    });
    const pivoted = before
      .step('ok', approval(), { with: () => ({ question: '?' }) })
      .step('ship', mcpTask('s.ship', { key: 'id' }), { with: () => ({}), pivot: true })
      .step('tell', mcpTask('s.tell', { key: 'id' }), { with: () => ({}), undo })
      .returns(() => null);
    expect(turnableSteps(pivoted).map(({ name }) => name)).toEqual(['pay']);
    const back = record(['pay', 'pay.undo'], []);
    const cases = planCases(pivoted, { forward: record(['pay', 'ship', 'tell'], []), back, onlyReads: () => false });
    expect(cases.filter(({ order }) => order.reject).map(({ step, name }) => `${step} ${name}`)).toEqual([
      'ok undo: after a no',
    ]);
    expect(cases.filter(({ order }) => order.call?.fault === 'held').map(({ step }) => step)).toEqual(['pay']);
    expect(names({}).filter((name) => name.includes('late call arrives'))).toEqual([]);
  });
});
