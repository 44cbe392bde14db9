/** A run that a job of a team's own queue starts: that job may crash and begin again, and the run is one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { defineFanOut } from '../../../src/index.js';
import { useEngine } from '../../support/engine.js';
import { theirConnection, useForeignQueue } from '../../support/foreign-queue.js';
import { anyInput, task } from '../../support/workflows.js';

/** The same by name and version as that of the process that dies: its stages are none of this test's. */
const signup = defineFanOut({
  name: 'signup',
  input: anyInput,
  branches: { welcome: { run: task('welcome', undefined, { idempotent: true }), with: (i) => i.id } },
  aggregate: ({ welcome }) => welcome.state,
});

test('[P5] their job dies after the start and is repeated: one run', async () => {
  const { prefix: theirs } = useForeignQueue();
  const { sy, url, prefix, work } = useEngine([signup]);
  const connection = theirConnection();
  const queue = new Queue('signups', { connection, prefix: theirs });
  onTestFinished(() => queue.close());
  const job = await queue.add('new', { id: 42 });

  const program = new URL('../../support/signup-worker.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, url, prefix, theirs], { stdio: 'inherit' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  const [first] = (await sy.list()).runs;
  expect(first).toMatchObject({ workflow: 'signup', status: 'open' });

  const started: unknown[] = [];
  const worker = new Worker(
    'signups',
    async ({ data, id, queueName }) => {
      const run = await sy.start(signup, { id: data.id }, { key: `${queueName}:${id}` });
      started.push([run.id, run.duplicate]);
      return run.id;
    },
    { connection, prefix: theirs, stalledInterval: 100 },
  );
  onTestFinished(() => worker.close(true));
  await expect.poll(async () => (await queue.getJob(job.id ?? ''))?.returnvalue, { timeout: 10_000 }).toBe(first?.id);
  expect(started).toEqual([[first?.id, true]]);
  expect((await sy.list()).runs).toHaveLength(1);
  await work();
  expect(await sy.run(first?.id ?? '').wait('10s')).toMatchObject({ status: 'completed', output: 'completed' });
});
