/** What is told of retries, undos, repeats and log lines, in one process with a tracer that keeps its spans. */
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/adapters/logger.js';
import { createWorkerMetrics } from '../../../src/adapters/observability/worker-metrics.js';
import { PermanentError } from '../../../src/errors.js';
import { defineFanOut } from '../../../src/orchestrators/fan-out.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { useEngine } from '../../support/engine.js';
import { useTracer } from '../../support/observability/tracer.js';
import { anyInput, echo, task } from '../../support/workflows.js';

const trip = defineSaga({ name: 'trip', input: anyInput })
  .step(
    'hotel',
    task('hotel', () => 'booked', { idempotent: true }),
    {
      with: () => ({}),
      undo: [task('leave', () => 'left', { idempotent: true }), () => ({})],
    },
  )
  .step(
    'flight',
    task(
      'flight',
      (_input, { attempt }) => {
        if (attempt === 1) throw new Error('busy');
        throw new PermanentError('sold out');
      },
      { idempotent: true },
    ),
    { with: () => ({}) },
  )
  .returns(() => null);

test('each retry and undo is a span of its own, a repeated run is linked to the first, lines and numbers agree', async () => {
  const spans = useTracer();
  const metrics = createWorkerMetrics({ process: false });
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('debug', { write: (line) => void lines.push(JSON.parse(line)) });
  const engine = useEngine([trip], { telemetry: [metrics.listener], logger });
  await engine.work();
  const run = await engine.sy.start(trip, { secret: 'not-for-traces' });
  expect(await run.wait('10s')).toMatchObject({ status: 'compensated' });
  const id = await engine.sy
    .run(run.id)
    .retry()
    .then((again) => again.id);
  expect(await engine.sy.run(id).wait('10s')).toMatchObject({ status: 'compensated' });

  const of = (which: string, name: string) =>
    spans().filter((span) => span.name === name && span.attributes['switchyard.run.id'] === which);
  await expect.poll(() => of(id, 'run trip')).toHaveLength(1);
  expect(of(run.id, 'trip flight').map(({ attributes }) => attributes)).toMatchObject([
    { 'switchyard.attempt': 1, 'switchyard.outcome': 'failed', 'switchyard.final': false, 'error.type': 'TASK_FAILED' },
    { 'switchyard.attempt': 2, 'switchyard.outcome': 'failed', 'switchyard.final': true },
  ]);
  expect(of(run.id, 'trip hotel.undo')).toMatchObject([{ attributes: { 'switchyard.kind': 'undo' } }]);
  const [first] = of(run.id, 'start trip');
  const [second] = of(id, 'start trip');
  expect(second?.links).toMatchObject([{ context: { spanId: first?.spanContext().spanId } }]);
  expect(second?.spanContext().traceId).not.toBe(first?.spanContext().traceId);
  const told = spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events }));
  expect(JSON.stringify(told)).not.toMatch(/not-for-traces|sold out/);

  const failures = lines.filter(({ run: about, stage }) => about === run.id && stage === 'flight');
  expect(failures).toMatchObject([
    { queue: 'tasks', job: `${run.id}-flight`, workflow: 'trip', attempt: 1, final: false },
    { queue: 'tasks', job: `${run.id}-flight`, workflow: 'trip', attempt: 2, final: true },
  ]);
  const attempts = of(run.id, 'trip flight').map((span) => span.spanContext().traceId);
  expect(failures.map(({ trace_id }) => trace_id)).toEqual(attempts);

  const text = await metrics.text();
  for (const line of [
    'switchyard_undos_done_total{workflow="trip"} 2',
    'switchyard_attempt_failures_total{workflow="trip",kind="step",code="TASK_FAILED",final="false"} 2',
    'switchyard_attempt_failures_total{workflow="trip",kind="step",code="TASK_FAILED",final="true"} 2',
    'switchyard_runs_ended_total{workflow="trip",outcome="compensated"} 2',
    'switchyard_active_jobs{queue="tasks"} 0',
  ]) {
    expect(text).toContain(line);
  }
});

test('a run that was accepted without a tracer has nothing stored, and is still one trace of its workers', async () => {
  const engine = useEngine([echo]);
  const run = await engine.sy.start(echo, { a: 1 });
  const job = await engine.redis.hget(`${engine.prefix}:tasks:${run.id}-only`, 'opts');
  expect(job).not.toBeNull();
  expect(JSON.parse(job ?? '{}')).not.toHaveProperty('tm');
  expect(await engine.redis.hexists(`${engine.prefix}:log:${run.id}`, 'trace')).toBe(0);
  const spans = useTracer();
  await engine.work();
  expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
  await expect.poll(() => spans().some(({ name }) => name === 'echo decide')).toBe(true);
  expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(1);
});

test('what jobs and calls are named by somebody else makes no series of its own', async () => {
  const metrics = createWorkerMetrics({ process: false });
  const odd = defineFanOut({
    name: 'odd',
    input: anyInput,
    branches: {
      only: {
        run: task('odd', (_input, { tool }) => tool(`made.up-${Math.random()}`, {}), { attempts: 1 }),
        with: (i) => i,
      },
    },
    aggregate: (r) => r.only.state,
  });
  const engine = useEngine([odd], { telemetry: [metrics.listener] });
  const other = engine.other([echo]);
  await engine.work();
  await other.start(echo, {});
  await (await engine.sy.start(odd, {})).wait('10s');
  await expect.poll(() => metrics.text()).toContain('switchyard_put_backs_total{queue="tasks",workflow="other"}');
  const text = await metrics.text();
  expect(text).toContain('server="unknown",tool="unknown",outcome="UNKNOWN_SERVER"');
  expect(text).not.toMatch(/made|echo/);
});
