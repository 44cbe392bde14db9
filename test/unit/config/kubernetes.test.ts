/** The manifest of docs/kubernetes.md follows the settings of the code: a pod that is killed too early loses what it should put back. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { WORKER_SOCKET_TIMEOUT_MS } from '../../../src/adapters/redis.js';
import { DEFAULT_PORT, WORKER_DEFAULTS } from '../../../src/config.js';

const [manifest = ''] = /(?<=```yaml\n)[\s\S]*?(?=```)/.exec(readFileSync('docs/kubernetes.md', 'utf8')) ?? [];
const deployments = manifest.split('\n---\n');
const numbers = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`\\b${name}: (\\d+)`, 'g'))].map(([, value]) => Number(value));

test('every pod is given its grace, what comes before it, and time to put back', () => {
  expect(deployments).toHaveLength(2);
  for (const deployment of deployments) {
    const [graceS] = numbers(deployment, 'terminationGracePeriodSeconds');
    const preStopS = Number(/"sleep", "(\d+)"/.exec(deployment)?.[1] ?? 0);
    // Two seconds to put back, and two to close connections and tool servers.
    expect(graceS).toBeGreaterThanOrEqual(WORKER_DEFAULTS.graceMs / 1000 + preStopS + 4);
  }
});

test('nobody is restarted for a pause that heals by itself', () => {
  for (const deployment of deployments) {
    const liveness = deployment.slice(deployment.indexOf('livenessProbe'));
    const [periodS = 0] = numbers(liveness, 'periodSeconds');
    const [failures = 0] = numbers(liveness, 'failureThreshold');
    const longestPauseMs = Math.max(WORKER_DEFAULTS.lockDurationMs, WORKER_SOCKET_TIMEOUT_MS);
    expect(periodS * failures * 1000).toBeGreaterThan(longestPauseMs);
    expect(liveness).toContain('path: /healthz');
  }
  expect(numbers(manifest, 'containerPort')).toContain(DEFAULT_PORT);
});

test('every pod that is probed over HTTP listens where the kubelet asks: its own address, and the port that the probe names', () => {
  for (const deployment of deployments) {
    const [, list = ''] = /args: (\[.*\])/.exec(deployment) ?? [];
    const args: readonly string[] = JSON.parse(list);
    const given = (option: string) => args[args.indexOf(option) + 1];
    const [host, port] = args.includes('worker') ? ['--health-host', '--health-port'] : ['--host', '--port'];
    const probed = [...deployment.matchAll(/httpGet: \{ path: \S+, port: (\w+) \}/g)].map(([, name]) => name);
    expect(probed.length).toBeGreaterThanOrEqual(2);
    expect(args).toContain(host);
    expect(given(host)).toBe('0.0.0.0');
    for (const name of probed) {
      const [, containerPort] = new RegExp(`name: ${name}, containerPort: (\\d+)`).exec(deployment) ?? [];
      expect(containerPort).toBe(given(port));
    }
  }
});

test('no probe that ends a pod asks for Redis, and a worker waits for it from its start on', () => {
  for (const deployment of deployments) {
    const [, ...probes] = deployment.split(/(?=startupProbe|livenessProbe|readinessProbe)/);
    for (const probe of probes.filter((one) => !one.startsWith('readiness'))) expect(probe).toContain('path: /healthz');
  }
  const [worker] = deployments.filter((deployment) => deployment.includes('"worker"'));
  expect(worker).toContain('"--wait-for-redis"');
});
