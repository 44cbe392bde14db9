/**
 * W3 and W3f by hand: five steps in one queue, each adding the next once its output stands in the run's hash, from which
 * the undos read what they need. The step that fails for good adds the first undo before it says so: a `failed` event may be lost.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UnrecoverableError } from 'bullmq';
import { openRawBullmq } from './raw-bullmq.js';
import type { Place, Side } from './side.js';

interface Stage {
  readonly run: string;
  readonly fails: boolean;
  readonly n: number;
}

const STEPS = 5;

export async function rawSaga(place: Place, fails: boolean): Promise<Side> {
  const raw = openRawBullmq(place);
  const stages = raw.queue('stages');
  const outputs = (run: string) => `${place.prefix}:outputs:${run}`;
  const add = (name: 'step' | 'undo', stage: Stage) =>
    stages.add(name, stage, { jobId: `${stage.run}-${name}-${stage.n}` });

  async function step(stage: Stage): Promise<number> {
    const { run, n } = stage;
    if (stage.fails && n === STEPS) {
      await add('undo', { ...stage, n: n - 1 });
      throw new UnrecoverableError('declined');
    }
    await raw.connection.hset(outputs(run), String(n), JSON.stringify({ n }));
    if (n < STEPS) await add('step', { ...stage, n: n + 1 });
    return n;
  }
  async function undo(stage: Stage): Promise<number> {
    const { run, n } = stage;
    const output: unknown = JSON.parse((await raw.connection.hget(outputs(run), String(n))) ?? 'null');
    assert.deepEqual(output, { n });
    if (n > 1) await add('undo', { ...stage, n: n - 1 });
    return n;
  }
  raw.worker<Stage>('stages', ({ name, data }) => (name === 'undo' ? undo(data) : step(data)));
  const ends = raw.ends('stages');
  await raw.ready();
  return {
    async once() {
      const run = randomUUID();
      const ended = ends(fails ? `${run}-undo-1` : `${run}-step-${STEPS}`);
      await add('step', { run, fails, n: 1 });
      assert.equal(await ended, fails ? 1 : STEPS);
    },
    close: raw.close,
  };
}
