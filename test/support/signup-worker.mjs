/**
 * A worker process of a team's own queue, whose processor starts a run and then ends its process, before its job has ended:
 * `node signup-worker.mjs <url> <our prefix> <their prefix>`. On what the build made, as a team's program is.
 */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { defineFanOut, defineTask, switchyard } from 'switchyard-mq';
import { z } from 'zod';

const signup = defineFanOut({
  name: 'signup',
  input: z.object({ id: z.number() }),
  branches: {
    welcome: {
      run: defineTask({
        name: 'welcome',
        input: z.number(),
        output: z.string(),
        idempotent: true,
        run: (id) => `hello ${id}`,
      }),
      with: (i) => i.id,
    },
  },
  aggregate: ({ welcome }) => welcome.state,
});

const [, , url = '', prefix = '', theirs = ''] = process.argv;
const sy = switchyard({ connection: url, prefix, workflows: [signup] });
new Worker(
  'signups',
  async (job) => {
    await sy.start(signup, { id: job.data.id }, { key: `${job.queueName}:${job.id}` });
    process.kill(process.pid, 'SIGKILL');
  },
  {
    connection: new Redis(url, { maxRetriesPerRequest: null }),
    prefix: theirs,
    lockDuration: 300,
    stalledInterval: 100,
  },
);
