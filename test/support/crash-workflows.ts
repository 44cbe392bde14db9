/** One workflow of each pattern whose effects are written down outside of it. For the test, and for the worker it kills. */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { PermanentError } from '../../src/errors.js';
import { newRunId, RUNS_QUEUE } from '../../src/names.js';
import type { Workflow } from '../../src/orchestrators/definition.js';
import { defineFanOut } from '../../src/orchestrators/fan-out.js';
import { defineRouter } from '../../src/orchestrators/router.js';
import { defineSaga } from '../../src/orchestrators/saga.js';
import { defineTask } from '../../src/task.js';
import { order } from '../../src/workflows/order.js';
import { support } from '../../src/workflows/support.js';

export interface CrashEffect {
  readonly run: string;
  readonly stage: string;
  readonly key: string;
  readonly args: unknown;
}

/** Where the effects of a prefix are kept: a list that Switchyard knows nothing of. */
export function effectsKey(prefix: string): string {
  return `${prefix}-effects`;
}

export async function effectsOf(redis: Redis, prefix: string): Promise<readonly CrashEffect[]> {
  return (await redis.lrange(effectsKey(prefix), 0, -1)).map((line) => JSON.parse(line));
}

/** `afterEffect` runs within each task, once its effect has happened. */
export function crashWorkflows(
  redis: Redis,
  prefix: string,
  afterEffect: (stage: string, run: string) => Promise<void> = () => Promise.resolve(),
) {
  const effect = (name: string, fails: (args: unknown) => boolean = () => false) =>
    defineTask({
      name,
      input: z.unknown(),
      output: z.unknown(),
      key: true,
      backoff: { initial: 1, jitter: 0 },
      run: async (args, { run, stage, key }) => {
        if (fails(args)) throw new PermanentError(`${stage} is refused`);
        await redis.rpush(effectsKey(prefix), JSON.stringify({ run, stage, key, args }));
        await afterEffect(stage, run);
        return `${stage} done`;
      },
    });
  const undo = effect('undo');
  const saga = defineSaga({ name: 'crash-saga', input: z.object({ fail: z.boolean() }) })
    .step('one', effect('one'), { with: () => 1, undo: [undo, ({ key }) => ({ undoes: key })] })
    .step('two', effect('two'), { with: () => 2, undo: [undo, ({ key }) => ({ undoes: key })] })
    .step(
      'three',
      effect('three', (fail) => fail === true),
      { with: ({ input }) => input.fail, undo: [undo, ({ key }) => ({ undoes: key })] },
    )
    .returns((done, { status }) => ({ status, done: Object.keys(done) }));
  const router = defineRouter({
    name: 'crash-router',
    input: z.object({}),
    // Another decision each time: only the recorded one may count.
    classify: () => ({
      route: Math.random() < 0.5 ? ('left' as const) : ('right' as const),
      priority: 'HIGH',
      evidence: 0,
    }),
    routes: { left: { run: effect('left'), with: () => 1 }, right: { run: effect('right'), with: () => 1 } },
    returns: ({ decision, result }) => ({ route: decision.route, result }),
  });
  const fanOut = defineFanOut({
    name: 'crash-fan-out',
    input: z.object({ count: z.number() }),
    each: effect('each'),
    split: ({ count }) => Array.from({ length: count }, (_, at) => at),
    aggregate: (results) => results.map((result) => result.state === 'completed' && result.output),
  });
  return { saga, router, fanOut, all: [saga, router, fanOut] satisfies readonly Workflow[] };
}

const LIST = 'crash-list';

/** Items of a list that have an effect; the others only fill it, to make it wide. */
export const LIST_EFFECTS = 3;

/** Of the queues of these workflows, those that the matrix has work for: each costs a worker process two connections. */
export const MATRIX_QUEUES: readonly string[] = [RUNS_QUEUE, 'tasks', 'customer-service', 'escalation'];

/** The shipped saga and router, and a list whose first items insert a row each. A list's run is started under its name. */
export function matrixWorkflows(onAggregate: (run: string) => void = () => undefined): readonly Workflow[] {
  const each = defineTask({
    name: 'each',
    input: z.object({ at: z.int() }),
    output: z.unknown(),
    key: true,
    run: ({ at }, { tool, run }) =>
      at < LIST_EFFECTS
        ? tool('database.insert', { table: 'metadata', data: { name: `${run} ${at}` } }, { key: 'idempotencyKey' })
        : at,
  });
  const list = defineFanOut({
    name: LIST,
    input: z.object({ name: z.string(), count: z.int() }),
    each,
    split: ({ count }) => Array.from({ length: count }, (_, at) => ({ at })),
    aggregate: (results, { input }) => {
      onAggregate(newRunId(LIST, input.name, 0));
      return results.map(({ state }) => state);
    },
  });
  return [order, support, list];
}
