/** One task that ends its process, and one that is long enough to be caught in it. For the test, and for the worker that dies. */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineTask } from '../../../src/task.js';

const work = defineTask({
  name: 'work',
  input: z.enum(['poison', 'innocent']),
  output: z.string(),
  idempotent: true,
  run: async (kind, { attempt }) => {
    // Once its neighbours are at work beside it.
    await delay(kind === 'poison' ? 150 : 400);
    if (kind === 'poison') process.kill(process.pid, 'SIGKILL');
    return `done at attempt ${attempt}`;
  },
});

export const poisoned = defineFanOut({
  name: 'poisoned',
  input: z.object({ kind: z.enum(['poison', 'innocent']) }),
  branches: { only: { run: work, with: ({ kind }) => kind } },
  aggregate: ({ only }) => only.state,
});
