/** In parallel: three branches at once, one of which fails, and nothing that succeeded is thrown away. */
import assert from 'node:assert/strict';
import { defineFanOut, defineTask, PermanentError, switchyard } from 'switchyard-mq';
import { embeddedRedis } from 'switchyard-mq/embedded-redis';
import { z } from 'zod';

// #region readme
const weather = defineTask({
  name: 'weather',
  input: z.object({ city: z.string() }),
  output: z.object({ celsius: z.number() }),
  idempotent: true,
  timeout: '5s',
  run: ({ city }) => ({ celsius: city.length * 3 }),
});

const news = defineTask({
  name: 'news',
  input: z.object({ topic: z.string() }),
  output: z.array(z.string()),
  idempotent: true,
  run: ({ topic }) => {
    throw new PermanentError(`no source covers ${topic}`);
  },
});

const brief = defineFanOut({
  name: 'brief',
  input: z.object({ city: z.string() }),
  branches: {
    weather: { run: weather, with: ({ city }) => ({ city }) },
    news: { run: news, with: ({ city }) => ({ topic: city }) },
    traffic: {
      run: news,
      with: ({ city }) => ({ topic: city }),
      when: ({ city }) => city === 'Paris' || 'not covered',
    },
  },
  aggregate: ({ weather, news, traffic }) => ({
    celsius: weather.state === 'completed' ? weather.output.celsius : null,
    news: news.state === 'failed' ? news.error.message : 'fine',
    traffic: traffic.state,
  }),
});
// #endregion

const redis = await embeddedRedis('.switchyard/examples');
const sy = switchyard({ connection: redis.url, workflows: [brief] });
const workers = sy.workers();
await workers.start();

const run = await sy.start(brief, { city: 'London' });
const state = await run.wait('10s');
assert.equal(state.status, 'partial');
assert.deepEqual(state.output, { celsius: 18, news: 'no source covers London', traffic: 'skipped' });
console.log(`${run.id}: ${state.status}`, state.output);

await workers.stop();
await sy.close();
await redis.stop();
