import { exportTraces } from '../../adapters/observability/export-traces.js';
import { describeRedisUrl } from '../../adapters/redis-url.js';
import { startApi } from '../../api/server.js';
import { isAddressTaken } from '../../cannot-listen.js';
import { SwitchyardError } from '../../errors.js';
import { commandLog } from '../command-log.js';
import { openSwitchyard, redisFor } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { announceServer, type ServerHere, serversHere } from '../servers-here.js';
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
  const traces = await exportTraces(process.env, 'switchyard-api', log);
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
    const embedded = redis.origin === 'embedded';
    const served = { url: api.url, redis: describeRedisUrl(redis.url), embedded };
    const takeBack = embedded ? await announceServer(settings.dataDir, api.url) : undefined;
    out.write(settings.json ? `${JSON.stringify(served)}\n` : servedText(served, settings, out));
    await stop.stopped;
    await api.close();
    await takeBack?.();
    return 0;
  } catch (error) {
    const met = redis.origin === 'embedded' && isAddressTaken(error) ? await serverAt(settings) : undefined;
    if (met && redis.stop) {
      // After `down`: that server has waited for the Redis which has just been started.
      const served = { url: met.url, redis: describeRedisUrl(redis.url), embedded: true };
      out.write(settings.json ? `${JSON.stringify(served)}\n` : startedForText(met, settings));
      return 0;
    }
    // One that was started for a server that cannot start would be left behind unnoticed.
    await redis.stop?.();
    throw met ? alreadyServed(met, settings) : error;
  } finally {
    await sy.close();
    await traces?.close();
    stop.dispose();
  }
}

/** The server of this data folder that has the port which is wanted. */
async function serverAt({ dataDir, port }: Settings): Promise<ServerHere | undefined> {
  return (await serversHere(dataDir)).find(({ url }) => Number(new URL(url).port) === port);
}

function alreadyServed({ url, pid }: ServerHere, { dataDir }: Settings): SwitchyardError {
  return new SwitchyardError(
    'ILLEGAL_STATE',
    `Switchyard already serves the data folder ${dataDir} at ${url} (process ${pid}). A second server takes another --port.`,
  );
}

function startedForText({ url, pid }: ServerHere, { dataDir }: Settings): string {
  return `The private Redis of ${dataDir} runs again. Switchyard already serves it at ${url} (process ${pid}).\n`;
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
