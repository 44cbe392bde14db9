/** A Redis that goes away in the middle of a request: what has been accepted by then is never answered by an error. */
import { expect, onTestFinished, test } from 'vitest';
import type { Switchyard } from '../../../src/engine/engine.js';
import { openApi, type TestApi, type TestApiOptions } from '../../support/api.js';
import { type RedisProcess, useRedisProcess } from '../../support/redis-process.js';
import { echo } from '../../support/workflows.js';

/** An API on a Redis of its own, whose Redis stops answering behind each of the calls that `wrap` makes. */
async function failing(
  wrap: (sy: Switchyard, freeze: () => void) => Partial<Switchyard>,
  options: TestApiOptions = {},
) {
  const server = await useRedisProcess();
  const freeze = () => void server.child.kill('SIGSTOP');
  const api = await openApi([echo], {
    ...options,
    workers: false,
    engine: { connection: server.url, prefix: '{accepted}' },
    api: { connection: server.url, prefix: '{accepted}' },
    wrap: (sy) => ({ ...sy, ...wrap(sy, freeze) }),
  });
  onTestFinished(async () => {
    thaw(server);
    await api.close();
  });
  return { api, server, freeze };
}

function thaw({ child }: RedisProcess): void {
  child.kill('SIGCONT');
}

async function started(api: TestApi): Promise<string> {
  return (await api.sy.start(echo, {}, { delay: '1h' })).id;
}

test('a start is answered with the run, and where it is to be found', async () => {
  const { api, server } = await failing((sy, freeze) => ({
    start: (async (workflow: string, input: unknown, options?: object) => {
      const run = await sy.start(workflow, input, options);
      freeze();
      return run;
    }) as Switchyard['start'],
  }));
  const body = { workflow: 'echo', input: { name: 'Ada' }, key: 'k' };
  const answer = await api.post('/v1/runs?waitMs=100', body);
  expect(answer).toMatchObject({
    status: 202,
    body: { id: expect.stringMatching(/^echo-0-k/), workflow: 'echo', status: 'queued', detail: expect.any(String) },
  });
  const location = answer.headers.get('location') ?? '';
  expect(location).toBe(`/v1/runs/${Object(answer.body).id}`);
  const refused = await api.get(location);
  expect(refused).toMatchObject({ status: 503, body: { code: 'REDIS_UNAVAILABLE', retryAfterMs: 1_000 } });
  expect(refused.headers.get('retry-after')).toBe('1');
  // A start that was never accepted is refused as ever.
  expect(await api.post('/v1/runs', body)).toMatchObject({ status: 503 });
  thaw(server);
  await expect.poll(async () => (await api.get(location)).status, { timeout: 10_000 }).toBe(200);
}, 30_000);

test('a word is answered with the run of which it was said', async () => {
  const { api, server } = await failing((sy, freeze) => ({
    run: (id) => {
      const run = sy.run(id);
      return {
        ...run,
        async cancel(said) {
          await run.cancel(said);
          freeze();
        },
      };
    },
  }));
  const id = await started(api);
  const answer = await api.post(`/v1/runs/${id}/cancel`, { reason: 'the customer called' });
  expect(answer).toMatchObject({ status: 202, body: { id, workflow: 'echo', detail: expect.any(String) } });
  expect(answer.body).not.toHaveProperty('status');
  expect(answer.headers.get('location')).toBe(`/v1/runs/${id}`);
  expect(await api.post(`/v1/runs/${id}/cancel`)).toMatchObject({ status: 503 });
  thaw(server);
  await expect
    .poll(async () => (await api.get(`/v1/runs/${id}`)).body, { timeout: 10_000 })
    .toMatchObject({ stop: { reason: 'the customer called' } });
}, 30_000);
