/** A Switchyard for one command: the project's workflows on the Redis that the command is to use. */
import { type ResolvedRedis, resolveRedis } from '../adapters/resolve-redis.js';
import { type Switchyard, switchyard } from '../engine/engine.js';
import type { Logger, ToolCaller } from '../ports.js';
import type { TelemetryListener } from '../telemetry.js';
import type { Project } from './project.js';
import type { Settings } from './settings.js';

/** @param mode `start`: the embedded Redis is started where none is configured or running, and outlives the command */
export function redisFor(
  settings: Settings,
  project: Project,
  options: { readonly mode: 'start' | 'attach'; readonly log: Logger },
): Promise<ResolvedRedis> {
  return resolveRedis({
    redisUrl: settings.redisUrl ?? project.redis,
    dataDir: settings.dataDir,
    mode: options.mode,
    detached: true,
    log: options.log,
  });
}

export function openSwitchyard(
  project: Project,
  options: {
    readonly url: string;
    readonly log: Logger;
    readonly tools?: ToolCaller;
    readonly telemetry?: readonly TelemetryListener[];
  },
): Switchyard {
  const { workflows, prefix, retention, queues, callbacks } = project;
  return switchyard({
    connection: options.url,
    workflows,
    logger: options.log,
    ...(options.tools && { tools: options.tools }),
    ...(options.telemetry && { telemetry: options.telemetry }),
    ...(prefix !== undefined && { prefix }),
    ...(retention !== undefined && { retention }),
    ...(queues !== undefined && { queues }),
    ...(callbacks && { callbacks }),
  });
}

/** Opens it, lets `work` use it, and closes it whatever happens. */
export async function withSwitchyard<T>(
  settings: Settings,
  project: Project,
  log: Logger,
  work: (sy: Switchyard) => Promise<T>,
  tools?: ToolCaller,
): Promise<T> {
  const { url } = await redisFor(settings, project, { mode: settings.dev ? 'start' : 'attach', log });
  const sy = openSwitchyard(project, { url, log, ...(tools && { tools }) });
  try {
    await sy.ready();
    return await work(sy);
  } finally {
    await sy.close();
  }
}
