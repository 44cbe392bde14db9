import { expect, test } from 'vitest';
import { conclude } from '../../../src/orchestrators/conclude.js';
import { decide } from '../../../src/orchestrators/decide.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { factsOf, failed, type Known, pending, succeeded } from '../../support/facts.js';
import { anyInput, task } from '../../support/workflows.js';

const work = task('work');
const flow = defineFanOut({
  name: 'flow',
  input: anyInput,
  branches: {
    a: { run: work, with: () => 'A' },
    b: { run: work, with: () => 'B' },
    c: { run: work, with: () => 'C', when: (i) => i.c === true || 'not asked' },
  },
  aggregate: (r) => r,
});

const branch = (stage: string) => ({ kind: 'branch', stage, input: stage.toUpperCase() });

test.each<[title: string, known: Known, move: object]>([
  ['nothing has happened → every wanted branch', {}, { kind: 'append', stages: [branch('a'), branch('b')] }],
  [
    'a wanted third → three',
    { input: { c: true } },
    { kind: 'append', stages: [branch('a'), branch('b'), branch('c')] },
  ],
  [
    'one is missing (crash, removed by hand) → that one',
    { stages: { a: succeeded() } },
    { kind: 'append', stages: [branch('b')] },
  ],
  ['one is at work → sleep', { stages: { a: succeeded(), b: pending } }, { kind: 'park' }],
  [
    'a failure, one at work → sleep: the others keep their chance',
    { stages: { a: failed(), b: pending } },
    { kind: 'park' },
  ],
  ['all succeeded → completed', { stages: { a: succeeded(), b: succeeded() } }, { kind: 'end', status: 'completed' }],
  ['one failed → partial', { stages: { a: failed(), b: succeeded() } }, { kind: 'end', status: 'partial' }],
])('%s', (_title, known, move) => {
  expect(decide(flow, factsOf(known))).toEqual(move);
});

test('all failed → failed, naming the first', () => {
  const error = { code: 'TIMEOUT' as const, message: 'too slow', retryable: true, step: 'a' };
  expect(decide(flow, factsOf({ stages: { a: failed(error), b: failed() } }))).toEqual({
    kind: 'end',
    status: 'failed',
    error: {
      code: 'ALL_BRANCHES_FAILED',
      message: 'every branch failed (2); the first: TIMEOUT: too slow',
      retryable: false,
      step: 'a',
    },
  });
});

test('the conclusion holds each branch’s result, the skipped with their reason, in the plan’s order', () => {
  const facts = factsOf({ stages: { b: succeeded(2), a: failed() } });
  const outcome = conclude(flow, facts, { status: 'partial' }, 99);
  expect(outcome).toMatchObject({
    status: 'partial',
    finishedAt: 99,
    output: {
      a: { state: 'failed', error: { message: 'boom' } },
      b: { state: 'completed', output: 2 },
      c: { state: 'skipped', reason: 'not asked' },
    },
  });
  expect(Object.keys(Object(outcome.output))).toEqual(['a', 'b', 'c']);
});

test('a conclusion is refused while a branch has no result', () => {
  expect(() => conclude(flow, factsOf({ stages: { a: succeeded() } }), { status: 'completed' }, 1)).toThrow(
    /branch "b" has no result/,
  );
});

test('the items of a list are planned by their place', () => {
  const list = defineFanOut({
    name: 'list',
    input: anyInput,
    each: work,
    split: () => ['x', 'y'],
    aggregate: (r) => r,
  });
  expect(decide(list, factsOf())).toEqual({
    kind: 'append',
    stages: [
      { kind: 'branch', stage: 'item.0', input: 'x' },
      { kind: 'branch', stage: 'item.1', input: 'y' },
    ],
  });
});
