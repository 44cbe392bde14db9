import type { ServerCheck } from '../../adapters/mcp/tool-pool.js';
import { exportTraces } from '../../adapters/observability/export-traces.js';
import { type ProbeServer, serveProbes } from '../../adapters/observability/probe-server.js';
import { describeRedisUrl } from '../../adapters/redis-url.js';
import { createRegistry } from '../../engine/registry.js';
import { servedQueues } from '../../engine/workers.js';
import { SwitchyardError } from '../../errors.js';
import { commandLog } from '../command-log.js';
import { missingTools } from '../missing-tools.js';
import { openSwitchyard, redisFor } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { type Settings, wholeNumber } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import { type Screen, type Terminal, wrap } from '../terminal.js';
import { toolServers } from '../tool-servers.js';
import { createRedisWait } from '../wait-for-redis.js';
import { workerTools } from '../worker-tools.js';

export interface WorkerOptions {
  readonly queues?: string | undefined;
  readonly concurrency?: string | undefined;
  readonly healthPort?: string | undefined;
  readonly healthHost?: string | undefined;
  /** Whether a Redis that is away when it starts is waited for, instead of being an error. */
  readonly waitForRedis?: boolean | undefined;
}

const MAX_CONCURRENCY = 1_000;

/** Works until it is told to stop, then lets what it has begun end, or puts it back. */
export async function worker(settings: Settings, options: WorkerOptions, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const stop = listenForStop();
  const log = commandLog(err, 'warn');
  const project = await loadProject(settings.config);
  const traces = await exportTraces(process.env, 'switchyard-worker', log);
  const wanted = workersOptions(options);
  const watched = probesAsked(options);
  // Before Redis: one that `--dev` starts for a worker that is then refused would stay behind.
  servedQueues(createRegistry(project.workflows), { asked: wanted.queues, callbacks: project.callbacks });
  const config = await toolServers(settings, project);
  const { url } = await redisFor(settings, project, { mode: settings.dev ? 'start' : 'attach', log });
  const tools = workerTools(settings, project, config, log);
  const metrics =
    watched &&
    (await import('../../adapters/observability/worker-metrics.js')).createWorkerMetrics({
      servers: () => tools.health(),
    });
  const sy = openSwitchyard(project, { url, log, tools, ...(metrics && { telemetry: [metrics.listener] }) });
  let probes: ProbeServer | undefined;
  try {
    const workers = sy.workers(wanted);
    const redis = createRedisWait(options.waitForRedis === true, stop.stopped, log);
    const health = async () => {
      const away = redis.away();
      return away === undefined ? await workers.health() : { alive: true, ready: false, findings: [away] };
    };
    // Before Redis is there and the servers are started, which takes a while: it is alive, and not ready.
    if (watched) probes = await serveProbes({ ...watched, health, metrics });
    // Redis first: without it no server needs to be started.
    if (!(await redis.until(sy.ready))) return 0;
    const checks = await Promise.race([tools.check(), stop.stopped.then(() => [])]);
    if (!(await redis.until(workers.start))) {
      await workers.stop();
      return 0;
    }
    for (const check of checks) if (!check.ok) log.warn({ server: check.server }, check.error.message);
    for (const { message, workflow, capability } of missingTools(project.workflows, config, checks))
      log.warn({ workflow, capability }, message);
    const ready = {
      ...{ queues: workers.queues, redis: describeRedisUrl(url), servers: checks, pid: process.pid },
      ...(probes && { health: probes.url }),
    };
    out.write(settings.json ? `${JSON.stringify(ready)}\n` : `${readyText(ready, out)}\n`);
    await stop.stopped;
    if (!settings.json && out.isTty) out.write('Stopping: what has begun may end. Once more ends at once.\n');
    await workers.stop();
    return 0;
  } finally {
    await probes?.close();
    await tools.close();
    await sy.close();
    await traces?.close();
    stop.dispose();
  }
}

interface Ready {
  readonly queues: readonly string[];
  readonly redis: string;
  readonly servers: readonly ServerCheck[];
  readonly pid: number;
  /** Where probes are answered. */
  readonly health?: string;
}

/** One line for a log, where it is looked for as one; wrapped for who watches. */
function readyText({ queues, redis, servers, pid, health }: Ready, { isTty, columns }: Screen): string {
  const tools =
    servers.map((check) => (check.ok ? check.server : `${check.server} (not available)`)).join(', ') || 'none';
  const line = `Worker ${pid} is ready: Redis ${redis}; queues ${queues.join(', ')}; MCP servers ${tools}.${health ? ` Probes and metrics at ${health}.` : ''} Ctrl-C stops it.`;
  return isTty ? wrap(line, columns).join('\n') : line;
}

function probesAsked({ healthPort, healthHost }: WorkerOptions) {
  if (healthPort !== undefined) {
    return { port: wholeNumber('--health-port', healthPort, { min: 0, max: 65_535 }), host: healthHost };
  }
  if (healthHost === undefined) return undefined;
  throw new SwitchyardError(
    'INVALID_INPUT',
    '--health-host needs --health-port: the port of /healthz, /readyz, /metrics.',
  );
}

function workersOptions({ queues, concurrency }: WorkerOptions) {
  const named = queues?.split(',').map((queue) => queue.trim());
  if (named?.some((queue) => queue === '')) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--queues is "${queues}": give names separated by commas, such as runs,tasks.`,
    );
  }
  return {
    ...(named && { queues: named }),
    ...(concurrency !== undefined && {
      concurrency: wholeNumber('--concurrency', concurrency, { min: 1, max: MAX_CONCURRENCY }),
    }),
  };
}
