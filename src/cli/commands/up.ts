import { describeRedisUrl } from '../../adapters/redis-url.js';
import { startApi } from '../../api/server.js';
import { commandLog } from '../command-log.js';
import { openSwitchyard, redisFor } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import type { Settings } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import type { Screen, Terminal } from '../terminal.js';

export interface ServeOptions {
  readonly host?: string | undefined;
  readonly allowHost?: readonly string[] | undefined;
  /** Start the embedded Redis where none is configured or running. */
  readonly startRedis: boolean;
}

/** Serves the API and its pages until it is told to stop. The embedded Redis stays: workers use it. */
export async function serve(settings: Settings, options: ServeOptions, { out, err }: Terminal): Promise<number> {
  const stop = listenForStop();
  const log = commandLog(err, 'warn');
  const project = await loadProject(settings.config);
  const mode = options.startRedis || settings.dev ? 'start' : 'attach';
  const redis = await redisFor(settings, project, { mode, log });
  const sy = openSwitchyard(project, { url: redis.url, log });
  try {
    await sy.ready();
    const api = await startApi({
      sy,
      log,
      connection: redis.url,
      prefix: project.prefix,
      host: options.host ?? '127.0.0.1',
      port: settings.port,
      ...project.api,
      allowedHosts: [...(options.allowHost ?? []), ...(project.api?.allowedHosts ?? [])],
      token: process.env.SWITCHYARD_TOKEN || undefined,
    });
    const served = { url: api.url, redis: describeRedisUrl(redis.url), embedded: redis.origin === 'embedded' };
    out.write(settings.json ? `${JSON.stringify(served)}\n` : servedText(served, settings, out));
    await stop.stopped;
    await api.close();
    return 0;
  } catch (error) {
    // One that was started for a server that cannot start would be left behind unnoticed.
    await redis.stop?.();
    throw error;
  } finally {
    await sy.close();
    stop.dispose();
  }
}

interface Served {
  readonly url: string;
  readonly redis: string;
  readonly embedded: boolean;
}

function servedText({ url, redis, embedded }: Served, { dataDir }: Settings, { colors }: Screen): string {
  const how = embedded ? `private, data in ${dataDir}; \`switchyard down\` stops it` : 'yours';
  const rows = [
    ['Redis', `${redis} ${colors.dim(`(${how})`)}`],
    ['Runs', colors.cyan(`${url}/`)],
    ['API', `${colors.cyan(`${url}/docs`)} ${colors.dim('(OpenAPI, to browse)')}`],
    ['Queues', `${colors.cyan(`${url}/admin/queues`)} ${colors.dim('(Bull Board, read-only)')}`],
    ['Next', 'switchyard worker, in another terminal; then switchyard enqueue …'],
  ];
  const lines = rows.map(([name = '', value = '']) => `${colors.bold(name.padEnd(8))}${value}\n`).join('');
  return `${lines}${colors.dim(embedded ? 'Ctrl-C ends the server; Redis stays.' : 'Ctrl-C ends the server.')}\n`;
}
