/** The shapes as Switchyard's users write them: its public interface, tasks that do nothing. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import {
  defineFanOut,
  defineRouter,
  defineSaga,
  defineTask,
  PermanentError,
  type RunState,
  switchyard,
  type Workflow,
  type WorkflowInput,
  type WorkflowOutput,
} from '../../src/index.js';
import { LOST_AFTER_MS, type Place, SETTINGS, type Side } from './side.js';

async function open<W extends Workflow>(
  { url, prefix }: Place,
  workflow: W,
  input: (n: number) => WorkflowInput<W>,
  check: (state: RunState<WorkflowOutput<W>>, n: number) => void,
): Promise<Side> {
  const sy = switchyard({ connection: url, prefix, workflows: [workflow] });
  const workers = sy.workers({
    concurrency: SETTINGS.concurrency,
    lockDurationMs: SETTINGS.lockDuration,
    lockRenewMs: SETTINGS.lockRenewTime,
    stalledIntervalMs: SETTINGS.stalledInterval,
  });
  await workers.start();
  let started = 0;
  return {
    async once() {
      const n = started++;
      check(await (await sy.start(workflow, input(n))).wait(LOST_AFTER_MS), n);
    },
    async close() {
      await workers.stop();
      await sy.close();
    },
  };
}

function outputOf<Out>(state: RunState<Out>, status: 'completed' | 'compensated'): Out | undefined {
  assert.equal(state.status, status, JSON.stringify(state));
  return 'output' in state ? state.output : undefined;
}

const Numbered = z.object({ n: z.number() });
const noop = defineTask({ name: 'noop', input: Numbered, output: Numbered, idempotent: true, run: (input) => input });

const three = defineFanOut({
  name: 'three',
  input: z.object({}),
  branches: {
    a: { run: noop, with: () => ({ n: 0 }) },
    b: { run: noop, with: () => ({ n: 1 }) },
    c: { run: noop, with: () => ({ n: 2 }) },
  },
  aggregate: (results) => Object.values(results).filter(({ state }) => state === 'completed').length,
});

export const ourFanOut = (place: Place): Promise<Side> =>
  open(
    place,
    three,
    () => ({}),
    (state) => assert.equal(outputOf(state, 'completed'), 3),
  );

const wide = defineFanOut({
  name: 'wide',
  input: z.object({ branches: z.number() }),
  each: noop,
  split: ({ branches }) => Array.from({ length: branches }, (_, n) => ({ n })),
  aggregate: (results) => results.filter(({ state }) => state === 'completed').length,
});

export const ourWideFanOut = (place: Place, branches: number): Promise<Side> =>
  open(
    place,
    wide,
    () => ({ branches }),
    (state) => assert.equal(outputOf(state, 'completed'), branches),
  );

const handler = <Name extends string>(name: Name) => ({
  run: defineTask({
    name,
    input: Numbered,
    output: z.object({ answer: z.string() }),
    idempotent: true,
    run: ({ n }) => ({ answer: `${name}:${n}` }),
  }),
  with: (input: z.output<typeof Numbered>) => input,
});
const ROUTES = ['route0', 'route1', 'route2', 'route3', 'route4'] as const;
const routeOf = (n: number) => ROUTES[n % 5] ?? 'route0';

// What follows the handler, priority and SLA, is no job of ours: it is decided when the root wakes.
const router = defineRouter({
  name: 'router',
  input: Numbered,
  classify: ({ n }) => ({ route: routeOf(n), priority: 'MEDIUM', evidence: {} }),
  routes: {
    route0: handler('route0'),
    route1: handler('route1'),
    route2: handler('route2'),
    route3: handler('route3'),
    route4: handler('route4'),
  },
  returns: ({ result }) => result?.answer,
});

export const ourRouting = (place: Place): Promise<Side> =>
  open(
    place,
    router,
    (n) => ({ n }),
    (state, n) => assert.equal(outputOf(state, 'completed'), `${routeOf(n)}:${n}`),
  );

const step = defineTask({
  name: 'step',
  input: Numbered.extend({ fails: z.boolean() }),
  output: Numbered,
  idempotent: true,
  run: ({ n, fails }) => {
    if (fails) throw new PermanentError('declined');
    return { n };
  },
});
const STEPS = 5;
const stage = (n: number) => ({
  with: ({ input }: { readonly input: { readonly fails: boolean } }) => ({ n, fails: input.fails && n === STEPS }),
  undo: [noop, () => ({ n })] as const,
});
const saga = defineSaga({ name: 'saga', input: z.object({ fails: z.boolean() }) })
  .step('one', step, stage(1))
  .step('two', step, stage(2))
  .step('three', step, stage(3))
  .step('four', step, stage(4))
  .step('five', step, stage(5))
  .returns((done, { undone }) => ({ done: Object.keys(done).length, undone: undone.length }));

/** Fails: at its last step, which is undone with the others, since nobody can tell whether it happened. */
export const ourSaga = (place: Place, fails: boolean): Promise<Side> =>
  open(
    place,
    saga,
    () => ({ fails }),
    (state) =>
      assert.deepEqual(
        outputOf(state, fails ? 'compensated' : 'completed'),
        fails ? { done: STEPS - 1, undone: STEPS } : { done: STEPS, undone: 0 },
      ),
  );
