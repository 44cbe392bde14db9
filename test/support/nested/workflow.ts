/** Three workflows inside one another, whose tasks count in Redis what they did. For the test, and for the workers that die. */
import type { Redis } from 'ioredis';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { workflowTask } from '../../../src/orchestrators/workflow-task.js';
import { anyInput, task } from '../workflows.js';

export const CALLS = 'calls';

export function nestedWorkflows(redis: Redis, prefix: string) {
  const counted = (name: string) =>
    task(
      name,
      async (_input, { key }) => {
        await redis.sadd(`${prefix}:${CALLS}`, key);
        return key;
      },
      { key: true },
    );
  const inner = defineSaga({ name: 'inner', input: anyInput })
    .step('one', counted('one'), { with: () => ({}) })
    .step('two', counted('two'), { with: () => ({}) })
    .returns((done) => [done.one, done.two]);
  const middle = defineFanOut({
    name: 'middle',
    input: anyInput,
    branches: { a: { run: workflowTask(inner), with: (i) => i }, b: { run: workflowTask(inner), with: (i) => i } },
    aggregate: (r) => [r.a.state, r.b.state],
  });
  const outer = defineSaga({ name: 'outer', input: anyInput })
    .step('before', counted('before'), { with: () => ({}) })
    .step('nested', workflowTask(middle), { with: ({ input }) => input })
    .step('after', counted('after'), { with: () => ({}) })
    .returns((done) => done.nested);
  return { outer, all: [outer] };
}
