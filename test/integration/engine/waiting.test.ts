import { expect, test } from 'vitest';
import { useEngine, useWorkingEngine } from '../../support/engine.js';
import { echo } from '../../support/workflows.js';

test('five hundred runs waited for at once all come back, each with its own result', async () => {
  const { sy } = await useWorkingEngine([echo]);
  const runs = await Promise.all(Array.from({ length: 500 }, (_, n) => sy.start(echo, { n })));
  const ended = await Promise.all(runs.map((run) => run.wait('20s')));
  expect(ended.map((run) => run.status === 'completed' && run.output)).toEqual(
    Array.from({ length: 500 }, (_, n) => ({ n })),
  );
});

test('a process that did not start the run can wait for it, before and after its end', async () => {
  const engine = useEngine([echo]);
  const elsewhere = engine.other([echo]);
  const { id } = await engine.sy.start(echo, { n: 7 });
  const waited = elsewhere.run(id).wait('10s');
  await engine.work();
  expect(await waited).toMatchObject({ status: 'completed', output: { n: 7 } });
  expect(await elsewhere.run(id).wait('10s')).toMatchObject({ status: 'completed' });
});

test('a run that has not ended when the wait does is shown as it stands', async () => {
  const { sy } = useEngine([echo]);
  const run = await sy.start(echo, {});
  expect(await run.wait('50ms')).toMatchObject({ id: run.id, status: 'queued', timeline: [{ state: 'waiting' }] });
});

test('a wait ends with its time when Redis does not answer any more', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, {});
  const silent = engine.other([echo], { connection: { host: '127.0.0.1', port: 1 } });
  await expect(silent.run(run.id).wait('100ms')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
});
