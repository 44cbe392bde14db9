/** What is in Redis, for Prometheus: runs and queues as they stand when they are asked for. The same from every process. */

import { Gauge, Registry } from 'prom-client';
import { isFinalStatus, isOperatorStatus } from '../../facts.js';
import type { Load } from '../load.js';

export interface LoadMetrics {
  text(load: Load, now: number): Promise<string>;
  readonly contentType: string;
}

export function createLoadMetrics(): LoadMetrics {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `switchyard_${name}`, help, labelNames, registers: [registry] });
  const runs = gauge('runs', 'Runs by state, as the index has them; ended ones for as long as they are kept', [
    'workflow',
    'state',
  ]);
  const attention = gauge('runs_attention', 'Runs that wait for a person, by what for', ['workflow', 'kind']);
  const oldestRun = gauge('oldest_run_seconds', 'Age of the oldest run in a state that is no end; 0 for none', [
    'workflow',
    'state',
  ]);
  const jobs = gauge('queue_jobs', 'Jobs by state', ['queue', 'state']);
  const oldestJob = gauge(
    'queue_oldest_waiting_seconds',
    'Since the oldest job was added that a worker could have now, delays and earlier attempts included; 0 for none',
    ['queue'],
  );
  const age = (oldest: number | undefined, now: number) =>
    oldest === undefined ? 0 : Math.max(0, now - oldest) / 1_000;
  return {
    contentType: registry.contentType,
    // Set and read in one go: two that ask at once must not see halves of each other.
    text(load, now) {
      for (const { workflow, state, runs: count, oldest } of load.runs) {
        runs.set({ workflow, state }, count);
        if (isOperatorStatus(state)) attention.set({ workflow, kind: state }, count);
        if (!isFinalStatus(state)) oldestRun.set({ workflow, state }, age(oldest, now));
      }
      for (const { queue, jobs: held, oldest } of load.queues) {
        for (const [state, count] of Object.entries(held)) jobs.set({ queue, state }, count);
        oldestJob.set({ queue }, age(oldest, now));
      }
      return registry.metrics();
    },
  };
}
