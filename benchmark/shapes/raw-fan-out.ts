/** W1 and W1b by hand: a flow of a parent, which counts the answers, and its children. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openRawBullmq } from './raw-bullmq.js';
import { JOB, type Place, type Side } from './side.js';

export async function rawFanOut(place: Place, branches: number): Promise<Side> {
  const raw = openRawBullmq(place);
  raw.worker('tasks', async (job) => job.data);
  raw.worker('runs', async (job) => Object.values(await job.getChildrenValues()).length);
  const flow = raw.flow();
  const ends = raw.ends('runs');
  await raw.ready();
  return {
    async once() {
      const run = randomUUID();
      const ended = ends(run);
      await flow.add({
        name: 'run',
        queueName: 'runs',
        opts: { ...JOB, jobId: run },
        children: Array.from({ length: branches }, (_, n) => ({
          name: 'branch',
          queueName: 'tasks',
          data: { n },
          opts: { ...JOB, ignoreDependencyOnFailure: true },
        })),
      });
      assert.equal(await ended, branches);
    },
    close: raw.close,
  };
}
