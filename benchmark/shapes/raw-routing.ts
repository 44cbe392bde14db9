/**
 * W2 by hand: a job per step, each adding the next to the next queue. The handlers share one queue, as ours do; the next
 * job's id follows from the run's, so that a step that is tried again does not double it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openRawBullmq } from './raw-bullmq.js';
import type { Place, Side } from './side.js';

interface Routed {
  readonly run: string;
  readonly n: number;
}

const HANDLERS: Readonly<Record<string, (n: number) => string>> = {
  route0: (n) => `route0:${n}`,
  route1: (n) => `route1:${n}`,
  route2: (n) => `route2:${n}`,
  route3: (n) => `route3:${n}`,
  route4: (n) => `route4:${n}`,
};

export async function rawRouting(place: Place): Promise<Side> {
  const raw = openRawBullmq(place);
  const [classify, handle, post] = [raw.queue('classify'), raw.queue('handle'), raw.queue('post')];
  raw.worker<Routed>('classify', async ({ data }) => {
    await handle.add(`route${data.n % 5}`, data, { jobId: `${data.run}-handle` });
  });
  raw.worker<Routed>('handle', async ({ name, data }) => {
    const answer = HANDLERS[name]?.(data.n);
    await post.add('post', { answer }, { jobId: data.run });
  });
  raw.worker<{ readonly answer: string }>('post', async ({ data }) => data.answer);
  const ends = raw.ends('post');
  await raw.ready();
  let started = 0;
  return {
    async once() {
      const [run, n] = [randomUUID(), started++];
      const ended = ends(run);
      await classify.add('classify', { run, n }, { jobId: `${run}-classify` });
      assert.equal(await ended, `route${n % 5}:${n}`);
    },
    close: raw.close,
  };
}
