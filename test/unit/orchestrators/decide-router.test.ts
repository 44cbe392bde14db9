import { describe, expect, test } from 'vitest';
import { conclude } from '../../../src/orchestrators/conclude.js';
import { decide } from '../../../src/orchestrators/decide.js';
import { classify } from '../../../src/orchestrators/decide-router.js';
import type { RouterDefinition } from '../../../src/orchestrators/definition.js';
import { defineRouter } from '../../../src/orchestrators/router.js';
import { BOOM, factsOf, failed, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const decision = { route: 'billing', priority: 'HIGH', evidence: null } as const;
const direct = { ...decision, escalate: 'a threat' } as const;

const whole = defineRouter({
  name: 'flow',
  input: anyInput,
  classify: () => decision,
  routes: { billing: { run: work, with: () => 1 } },
  sla: { HIGH: '1h' },
  fallback: () => 'stand-in',
  partial: () => true,
  escalation: { to: work, when: ({ result }) => (result === 'angry' ? 'angry' : false), with: () => 1 },
  returns: ({ path, result, escalation }) => ({ path, result, escalation }),
});

function router(parts: { fallback?: boolean; escalation?: boolean; partial?: boolean } = {}): RouterDefinition {
  const { fallback, partial, escalation, ...bare } = whole;
  return {
    ...bare,
    ...(parts.fallback && fallback && { fallback }),
    ...(parts.partial && partial && { partial }),
    ...(parts.escalation && escalation && { escalation }),
  };
}

const route = { kind: 'append', stages: [{ kind: 'route', stage: 'billing' }] };
const escalate = { kind: 'append', stages: [{ kind: 'escalation', stage: 'escalation' }] };
const park = { kind: 'park' };
const end = (status: string, error?: object) => ({ kind: 'end', status, ...(error && { error }) });

test.each<[title: string, parts: Parameters<typeof router>[0], known: Known, move: object]>([
  ['nothing has happened → classify', {}, {}, { kind: 'classify' }],
  ['decided → the route', {}, { decision }, route],
  ['the route’s job was removed → the route again', {}, { decision, stages: {} }, route],
  ['the route is at work → sleep', {}, { decision, stages: { billing: pending } }, park],
  ['the route answered → completed', {}, { decision, stages: { billing: succeeded() } }, end('completed')],
  ['the route failed → failed', {}, { decision, stages: { billing: failed() } }, end('failed', BOOM)],
  [
    'the route failed, a fallback answers → partial',
    { fallback: true },
    { decision, stages: { billing: failed() } },
    end('partial'),
  ],
  [
    'the answer is only a part → partial',
    { partial: true },
    { decision, stages: { billing: succeeded() } },
    end('partial'),
  ],
  [
    'the answer asks for a person → escalation',
    { escalation: true },
    { decision, stages: { billing: succeeded('angry') } },
    escalate,
  ],
  [
    'the answer asks for nobody → completed',
    { escalation: true },
    { decision, stages: { billing: succeeded('calm') } },
    end('completed'),
  ],
  [
    'escalated, at work → sleep',
    { escalation: true },
    { decision, stages: { billing: succeeded('angry'), escalation: pending } },
    park,
  ],
  [
    'escalated, answered → completed',
    { escalation: true },
    { decision, stages: { billing: succeeded('angry'), escalation: succeeded() } },
    end('completed'),
  ],
  [
    'escalated, failed → partial: the route’s answer stands',
    { escalation: true },
    { decision, stages: { billing: succeeded('angry'), escalation: failed() } },
    end('partial', BOOM),
  ],
  ['decided for a person → escalation, past the route', { escalation: true }, { decision: direct }, escalate],
  [
    'decided for a person, answered → completed',
    { escalation: true },
    { decision: direct, stages: { escalation: succeeded() } },
    end('completed'),
  ],
  [
    'decided for a person, failed → failed',
    { escalation: true },
    { decision: direct, stages: { escalation: failed() } },
    end('failed', BOOM),
  ],
  ['decided for a person where there is none → the route', {}, { decision: direct }, route],
])('%s', (_title, parts, known, move) => {
  expect(decide(router(parts), factsOf(known))).toEqual(move);
});

describe('the conclusion', () => {
  const output = (parts: Parameters<typeof router>[0], known: Known) =>
    conclude(router(parts), factsOf(known), { status: 'completed' }, 2).output;

  test('tells the way that was taken', () => {
    expect(
      output(
        { escalation: true },
        { decision, stages: { billing: succeeded('angry'), escalation: succeeded('calmed') } },
      ),
    ).toEqual({
      path: ['classifier', 'billing', 'priority_processor', 'escalation'],
      result: 'angry',
      escalation: 'calmed',
    });
  });

  test('of a run that went straight to a person has no route in its way', () => {
    expect(output({ escalation: true }, { decision: direct, stages: { escalation: succeeded('calmed') } })).toEqual({
      path: ['classifier', 'escalation'],
      result: undefined,
      escalation: 'calmed',
    });
  });

  test('of a run that was decided for a person where there is none has the route’s answer', () => {
    expect(output({}, { decision: direct, stages: { billing: succeeded('paid') } })).toMatchObject({
      path: ['classifier', 'billing', 'priority_processor'],
      result: 'paid',
    });
  });
});

test.each([
  ['a route that there is not', { route: 'toString', priority: 'LOW' }, /route "toString"; its routes are billing/],
  ['a priority that there is not', { route: 'billing', priority: 'constructor' }, /priority "constructor"/],
  ['nothing', undefined, /route "undefined"/],
])('a classifier that decides for %s is refused', (_what, answer, message) => {
  const broken = { ...router(), classify: () => JSON.parse(JSON.stringify(answer ?? null)) };
  expect(() => classify(broken, {})).toThrow(message);
});

test('a route cannot have the name of the escalation: their jobs would be one', () => {
  expect(() =>
    defineRouter({
      name: 'x',
      input: anyInput,
      classify: () => ({ route: 'escalation' as const, priority: 'LOW', evidence: 0 }),
      routes: { escalation: { run: work, with: () => 1 } },
      returns: () => 1,
    }),
  ).toThrow(/cannot be called "escalation"/);
});
