import { expect, test } from 'vitest';
import { exportTraces } from '../../../src/adapters/observability/export-traces.js';
import { silentLog } from '../../support/silent-log.js';

/** What is not installed, loaded as the SDK is. */
const MISSING = 'a-package-that-nobody-has-installed';

test('traces that are asked for without an SDK are one line that says what to install', async () => {
  const warned: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message = '') => void warned.push(message) };
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  expect(await exportTraces(env, 'test', log, () => import(MISSING))).toBeUndefined();
  expect(warned).toEqual([expect.stringMatching(/no traces are sent: npm install @opentelemetry\/sdk-trace-node/)]);
});

test.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h', OTEL_SDK_DISABLED: 'true' },
])('nothing is loaded for %o', async (env) => {
  const load = () => Promise.reject(new Error('loaded'));
  expect(await exportTraces(env, 'test', silentLog, load)).toBeUndefined();
});

test('an endpoint that is none is refused', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' };
  await expect(exportTraces(env, 'test', silentLog)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
});
