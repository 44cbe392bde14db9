/**
 * `/metrics`: what is in Redis, for Prometheus. One script, whatever there is. With a token it wants it, as everything does that
 * tells about runs: `authorization: { credentials_file: … }` in the scrape configuration.
 */
import type { FastifyInstance } from 'fastify';
import type { LoadReader } from '../../adapters/load.js';
import { createLoadMetrics } from '../../adapters/observability/load-metrics.js';
import { METRICS_PATH } from '../admission.js';

export interface MetricsRouteOptions {
  readonly workflows: readonly string[];
  readonly queues: readonly string[];
  readonly readLoad: LoadReader;
}

export function addMetricsRoute(server: FastifyInstance, { workflows, queues, readLoad }: MetricsRouteOptions): void {
  const metrics = createLoadMetrics();
  server.get(METRICS_PATH, { schema: { hide: true } }, async (_request, reply) => {
    const text = await metrics.text(await readLoad(workflows, queues), Date.now());
    return reply.header('cache-control', 'no-store').type(metrics.contentType).send(text);
  });
}
