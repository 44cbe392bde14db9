import type { ServerCheck } from '../../adapters/mcp/tool-pool.js';
import { describeRedisUrl } from '../../adapters/redis-url.js';
import { SwitchyardError } from '../../errors.js';
import { commandLog } from '../command-log.js';
import { missingTools } from '../missing-tools.js';
import { openSwitchyard, redisFor } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { type Settings, wholeNumber } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import { type Screen, type Terminal, wrap } from '../terminal.js';
import { toolServers } from '../tool-servers.js';
import { workerTools } from '../worker-tools.js';

export interface WorkerOptions {
  readonly queues?: string | undefined;
  readonly concurrency?: string | undefined;
}

const MAX_CONCURRENCY = 1_000;

/** Works until it is told to stop, then lets what it has begun end, or puts it back. */
export async function worker(settings: Settings, options: WorkerOptions, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const stop = listenForStop();
  const log = commandLog(err, 'warn');
  const project = await loadProject(settings.config);
  const wanted = workersOptions(options);
  const config = await toolServers(settings, project);
  const { url } = await redisFor(settings, project, { mode: settings.dev ? 'start' : 'attach', log });
  const tools = workerTools(settings, project, config, log);
  const sy = openSwitchyard(project, { url, log, tools });
  try {
    // Redis first: without it no server needs to be started.
    await sy.ready();
    const workers = sy.workers(wanted);
    const checks = await Promise.race([tools.check(), stop.stopped.then(() => [])]);
    await workers.start();
    for (const check of checks) if (!check.ok) log.warn({ server: check.server }, check.error.message);
    for (const { message, workflow, capability } of missingTools(project.workflows, config, checks))
      log.warn({ workflow, capability }, message);
    const ready = { queues: workers.queues, redis: describeRedisUrl(url), servers: checks, pid: process.pid };
    out.write(settings.json ? `${JSON.stringify(ready)}\n` : `${readyText(ready, out)}\n`);
    await stop.stopped;
    if (!settings.json && out.isTty) out.write('Stopping: what has begun may end. Once more ends at once.\n');
    await workers.stop();
    return 0;
  } finally {
    await tools.close();
    await sy.close();
    stop.dispose();
  }
}

interface Ready {
  readonly queues: readonly string[];
  readonly redis: string;
  readonly servers: readonly ServerCheck[];
  readonly pid: number;
}

/** One line for a log, where it is looked for as one; wrapped for who watches. */
function readyText({ queues, redis, servers, pid }: Ready, { isTty, columns }: Screen): string {
  const tools =
    servers.map((check) => (check.ok ? check.server : `${check.server} (not available)`)).join(', ') || 'none';
  const line = `Worker ${pid} is ready: Redis ${redis}; queues ${queues.join(', ')}; MCP servers ${tools}. Ctrl-C stops it.`;
  return isTty ? wrap(line, columns).join('\n') : line;
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
