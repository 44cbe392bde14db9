/** What an agent is told while Redis does not answer: never that nothing has happened, when something may have. */
import type { Progress } from '@modelcontextprotocol/sdk/types.js';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { redisKeys } from '../../../src/names.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { signal } from '../../../src/wait-task.js';
import { type TestEngine, useWorkingEngine } from '../../support/engine.js';
import type { FaultRedis } from '../../support/faults/fault-redis.js';
import { useFaultRedis } from '../../support/faults/use-fault-redis.js';
import { signal as happening, task } from '../../support/workflows.js';
import { serve, type TestClient } from './served.js';

const gated = defineSaga({ name: 'gated', input: z.strictObject({}) })
  .step('first', task('first'), { with: () => ({}) })
  .step('gate', signal({ name: 'gate', output: z.object({ ok: z.boolean() }) }), { with: () => ({}) })
  .returns((done) => done.gate?.ok ?? null);

interface Scene {
  readonly redis: FaultRedis;
  readonly engine: TestEngine;
  readonly agent: TestClient;
}

async function scene(): Promise<Scene> {
  const redis = await useFaultRedis();
  const engine = await useWorkingEngine([gated], { connection: redis.url });
  return { redis, engine, agent: await serve(engine, [gated]) };
}

/** A call of which the run is told, once `far` stages have ended. */
async function called({ agent }: Scene, far: number, run: object) {
  const { happened, happen } = happening();
  let id = '';
  const onProgress = ({ progress, _meta }: Progress & { _meta?: unknown }) => {
    id = z.object({ 'switchyard/run': z.string() }).parse(_meta)['switchyard/run'];
    if (progress >= far) happen();
  };
  const answered = agent.answer('gated', { _run: run }, { onProgress });
  answered.catch(() => undefined);
  await happened;
  return { id, answered };
}

it('a call outlives an outage of Redis, and answers with the end of its run', async () => {
  const { redis, engine, agent } = await scene();
  const { id, answered } = await called({ redis, engine, agent }, 1, {});
  redis.freeze();
  // Two looks of our own, one after the other: whatever the call was asking has failed by then as well.
  for (let look = 0; look < 2; look += 1) {
    await expect(engine.sy.run(id).summary()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  }
  redis.thaw();
  await expect.poll(() => engine.sy.run(id).status().catch(String), { timeout: 10_000 }).toBe('running');
  await engine.sy.run(id).signal('gate', { ok: true });
  expect(await answered).toMatchObject({ id, status: 'completed', output: true, isError: false });
});

it('a call whose limit comes while Redis does not answer says what was seen last, and that the run goes on', async () => {
  const { redis, engine, agent } = await scene();
  const { id, answered } = await called({ redis, engine, agent }, 1, { waitSeconds: 3 });
  redis.freeze();
  expect(await answered).toMatchObject({
    ...{ id, status: 'running', ended: false, isError: false, stages: { ended: 1 } },
    next: expect.stringContaining('run_wait'),
  });
  redis.thaw();
});

it('a run that was accepted and never seen is answered with its id, and not called again', async () => {
  const { redis, engine, agent } = await scene();
  let id = '';
  const onProgress = ({ _meta }: Progress & { _meta?: unknown }) => {
    redis.freeze();
    id = z.object({ 'switchyard/run': z.string() }).parse(_meta)['switchyard/run'];
  };
  const answer = await agent.answer('gated', { _run: { waitSeconds: 0 } }, { onProgress });
  expect(answer).toMatchObject({ id, status: 'queued', ended: false, isError: false });
  expect(answer.next).toMatch(/Do not start it again; ask run_wait/);
  redis.thaw();
  await expect.poll(() => engine.sy.run(id).status().catch(String), { timeout: 10_000 }).toBe('running');
});

it('where nobody knows whether the run was accepted, the error names the key by which there is only one', async () => {
  const { redis, engine, agent } = await scene();
  redis.freeze();
  const refused = await agent.refusal('gated', { _run: { waitSeconds: 0 } });
  expect(refused).toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: false, key: expect.any(String) });
  expect(refused.message).toContain(`"${String(refused.key)}"`);
  // With a key of the caller's the same call is safe to make again.
  const keyed = await agent.refusal('gated', { _run: { waitSeconds: 0, key: 'mine' } });
  expect(keyed).toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true, key: 'mine' });
  redis.thaw();
  await expect.poll(() => engine.sy.list().then(() => true, String), { timeout: 10_000 }).toBe(true);
  for (const key of [refused.key, refused.key, 'mine']) await agent.answer('gated', { _run: { waitSeconds: 0, key } });
  expect((await engine.sy.list()).runs).toHaveLength(2);
});

it('whatever goes wrong once a run is accepted is told with its id, and is not worth a second start', async () => {
  const { redis, engine, agent } = await scene();
  const { happened, happen } = happening();
  let id = '';
  const call = agent.call(
    'gated',
    {},
    {
      onProgress: ({ progress, _meta }) => {
        id = z.object({ 'switchyard/run': z.string() }).parse(_meta)['switchyard/run'];
        if (progress >= 1) happen();
      },
    },
  );
  await happened;
  await redis.admin.del(redisKeys(engine.prefix).log(id));
  const { isError, content, _meta } = await call;
  expect(isError).toBe(true);
  expect(_meta).toEqual({ 'switchyard/run': id });
  const [text] = content;
  expect(JSON.parse(text?.type === 'text' ? text.text : '')).toMatchObject({
    error: { code: 'UNKNOWN_RUN', retryable: false, run: id, message: expect.stringContaining('was accepted') },
  });
});
