/** An `order` over two worker processes, real MCP servers and a collector: one trace, and what both workers count. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { exportTraces } from '../../../src/adapters/observability/export-traces.js';
import { createWorkerMetrics } from '../../../src/adapters/observability/worker-metrics.js';
import { switchyard } from '../../../src/engine/engine.js';
import { order } from '../../../src/workflows/index.js';
import { DIST, place } from '../../acceptance/cli/cli-process.js';
import { type ReceivedSpan, startOtlpReceiver } from '../../support/observability/otlp-receiver.js';
import { redisUrl } from '../../support/redis.js';
import { silentLog } from '../../support/silent-log.js';

const ORDER = {
  customer: { name: 'Ada Lindqvist', email: 'ada@example.com' },
  items: [{ sku: 'sku-5001', quantity: 2 }],
  amountMinor: 17_980,
  address: { street: 'Main St 1', city: 'Utrecht', postalCode: '3511 AB', country: 'NL' },
};

const Call = z.object({
  method: z.literal('tools/call'),
  params: z.object({ name: z.string(), _meta: z.object({ traceparent: z.string(), 'switchyard/run': z.string() }) }),
});

/** A worker of the tasks as a process, with a commerce server that is listened to; the other worker is this process. */
async function workerOfTasks(collector: string) {
  const { folder, env, start } = await place();
  const journal = join(folder, 'journal');
  const listening = fileURLToPath(new URL('../../support/observability/listening-server.mjs', import.meta.url));
  const server = (name: string, ...before: readonly string[]) => ({
    command: process.execPath,
    args: [...before, join(DIST, 'servers', name, 'main.js'), '--data', folder],
  });
  const mcpServers = { commerce: server('commerce', listening, journal), database: server('database') };
  writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ mcpServers }));
  Object.assign(env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_BSP_SCHEDULE_DELAY: '100' });
  const Ready = z.object({ health: z.string(), pid: z.number() });
  const { line } = await start(['worker', '--json', '--queues', 'tasks', '--health-port', '0'], /^\{/);
  const { health, pid } = Ready.parse(JSON.parse(line));
  const prefix = /prefix: '([^']+)'/.exec(readFileSync(join(folder, 'switchyard.config.mjs'), 'utf8'))?.[1] ?? '';
  const calls = () =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .flatMap((line) => Call.safeParse(line === '' ? undefined : JSON.parse(line)).data ?? []);
  return { health, pid, prefix, calls };
}

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: await response.text() };
};

test('an order over two workers is one trace, into its MCP servers, and both count it', async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(() => collector.close());
  const { health, pid, prefix, calls } = await workerOfTasks(collector.url);
  const exporting = await exportTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, 'shop', silentLog);
  const metrics = createWorkerMetrics({ process: false });
  const telemetry = [metrics.listener];
  const sy = switchyard({ connection: redisUrl(), prefix, workflows: [order], telemetry, logger: silentLog });
  const workers = sy.workers({ queues: ['runs'], graceMs: 500 });
  onTestFinished(async () => {
    await workers.stop();
    await sy.close();
  });
  await workers.start();
  const run = await trace.getTracer('shop').startActiveSpan('POST /orders', async (span) => {
    const started = await sy.start(order, ORDER, { key: 'order-42' });
    span.end();
    return started;
  });
  const document = await run.wait('15s');
  expect(document).toMatchObject({ status: 'completed' });
  const named = (name: string): ReceivedSpan | undefined => collector.spans.find((span) => span.name === name);
  // The worker sends its spans by itself, what this process has is sent as it closes.
  await workers.stop();
  await exporting?.close();
  expect(named('run order')).toBeDefined();
  await expect.poll(() => named('order create_shipping_label'), { timeout: 5_000 }).toBeDefined();
  const request = named('POST /orders');
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set([request?.traceId]));
  const accepted = named('start order');
  expect(accepted).toMatchObject({ parent: request?.spanId, kind: 'producer', service: 'shop' });
  const story = collector.spans.filter(({ parent }) => parent === accepted?.spanId);
  expect(new Set(story.map(({ name }) => name))).toEqual(
    new Set(['order decide', 'run order', ...document.timeline.map(({ name }) => `order ${name}`)]),
  );
  for (const { attributes } of story) expect(attributes['switchyard.run.id']).toBe(run.id);
  expect(named('run order')).toMatchObject({
    from: document.createdAt,
    to: document.finishedAt,
    attributes: { 'switchyard.run.status': 'completed' },
    instance: String(process.pid),
  });
  expect(named('order charge_payment')).toMatchObject({
    kind: 'consumer',
    instance: String(pid),
    attributes: { 'switchyard.stage': 'charge_payment', 'switchyard.attempt': 1, 'switchyard.outcome': 'completed' },
  });

  const told = calls();
  expect(told.map(({ params }) => params.name)).toEqual([
    'charge_payment',
    'send_notification',
    'create_shipping_label',
  ]);
  for (const { params } of told) {
    const [, traceId, spanId] = params._meta.traceparent.split('-');
    const call = collector.spans.find((span) => span.spanId === spanId);
    expect(traceId).toBe(request?.traceId);
    expect(call).toMatchObject({
      name: `tools/call ${params.name}`,
      kind: 'client',
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': params.name, 'network.transport': 'pipe' },
    });
    expect(story.map((stage) => stage.spanId)).toContain(call?.parent);
  }

  const [ofRoots, ofTasks] = [await metrics.text(), (await get(`${health}/metrics`)).body];
  expect(ofRoots).toContain('switchyard_runs_ended_total{workflow="order",outcome="completed"} 1');
  expect(ofRoots).toMatch(/^switchyard_run_duration_seconds_count\{workflow="order",outcome="completed"\} 1$/m);
  expect(ofTasks).toMatch(
    /^switchyard_stage_attempt_duration_seconds_count\{workflow="order",kind="step",outcome="completed"\} [3-9]$/m,
  );
  expect(ofTasks).toContain('switchyard_mcp_server_breaker{server="commerce",state="closed"} 1');
  expect(ofTasks).toMatch(
    /^switchyard_tool_call_duration_seconds_count\{server="commerce",tool="charge_payment",outcome="ok"\} 1$/m,
  );
  expect(ofTasks).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  // Names of a few, never ids: the number of series does not grow with the runs.
  expect(ofRoots + ofTasks).not.toContain(run.id);
  expect(await get(`${health}/healthz`)).toEqual({ status: 200, body: '{"status":"ok","findings":[]}\n' });
  expect(await get(`${health}/readyz`)).toMatchObject({ status: 200 });
  expect(await get(`${health}/`)).toMatchObject({ status: 404 });
}, 30_000);
