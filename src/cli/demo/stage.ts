/** Everything that the demo plays on: a Redis, tool servers over both transports, two workers. All of it ends with it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMcpConfig } from '../../adapters/mcp/config.js';
import { PidList } from '../../adapters/mcp/pid-list.js';
import { createToolPool } from '../../adapters/mcp/tool-pool.js';
import { openRedis } from '../../adapters/redis.js';
import { describeRedisUrl } from '../../adapters/redis-url.js';
import { type ResolvedRedis, resolveRedis } from '../../adapters/resolve-redis.js';
import { type Switchyard, switchyard } from '../../engine/engine.js';
import type { Logger, ToolCaller } from '../../ports.js';
import { createQueuePool, type QueuePool } from '../../queues/queue-pool.js';
import { shippedWorkflows } from '../../workflows/index.js';
import { deletePrefix } from '../delete-prefix.js';
import { provideSampleFiles } from '../sample-files.js';
import type { Settings } from '../settings.js';
import { shippedMcpJson } from '../tool-servers.js';
import type { Closing } from './closing.js';
import { type ProgramProcess, startProgram } from './program-process.js';
import { FAULTS } from './script.js';

export interface Stage {
  readonly sy: Switchyard;
  /** The demo's own way to the tools, to look into their books. */
  readonly tools: ToolCaller;
  readonly queues: QueuePool;
  readonly workers: readonly ProgramProcess[];
}

export interface BuildStageOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly closing: Closing;
  /** Told what is being started, and what of it is there. */
  readonly onStep: (step: string, done: boolean) => void;
}

const WORKERS = 2;

export async function buildStage({ settings, log, closing, onStep }: BuildStageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
  closing.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const prefix = `{sy-demo-${folder.slice(-6)}}`;

  onStep('Redis (fetched once, where the machine has none)', false);
  const redis = await resolveRedis({ redisUrl: settings.redisUrl, dataDir: folder, mode: 'start', log });
  closing.add(() => leaveRedis(redis, prefix, log));
  const sy = switchyard({ connection: redis.url, workflows: shippedWorkflows, prefix, logger: log });
  closing.add(() => sy.close());
  await sy.ready();
  onStep(`Redis: ${redis.origin === 'embedded' ? 'private, on' : 'yours, at'} ${describeRedisUrl(redis.url)}`, true);

  onStep('Tool servers', false);
  const mcp = await startServers(folder, closing);
  const tools = createToolPool({ config: parseMcpConfig(mcp, "the demo's configuration"), logger: log });
  closing.add(() => tools.close());
  onStep('Tool servers: commerce, database over HTTP; weather, files over stdio', true);

  onStep(`${WORKERS} workers`, false);
  const workers = await startWorkers({ folder, prefix, mcp, url: redis.url, closing });
  onStep(`Workers: processes ${workers.map(({ pid }) => pid).join(' and ')}`, true);

  const connection = openRedis(redis.url, 'producer', { log });
  const queues = createQueuePool(connection, prefix, (error) =>
    log.debug({ error: error.message }, 'queue connection'),
  );
  closing.add(async () => {
    await queues.close();
    connection.disconnect();
  });
  return { sy, tools, queues, workers };
}

type McpJson = ReturnType<typeof shippedMcpJson>;

async function startServers(folder: string, closing: Closing): Promise<McpJson> {
  const files = join(folder, 'files');
  const faults = join(folder, 'faults.json');
  await Promise.all([provideSampleFiles(files), writeFile(faults, JSON.stringify(FAULTS))]);
  const overHttp = async (server: string): Promise<{ url: string }> => {
    const child = await startProgram({
      program: `servers/${server}/main.js`,
      args: ['--http', '--port', '0', '--data', folder, '--faults', faults],
      env: childEnv(),
      ready: /listening on http/,
      closing,
    });
    return { url: child.readyLine.slice(child.readyLine.indexOf('http')) };
  };
  const [commerce, database] = await Promise.all([overHttp('commerce'), overHttp('database')]);
  // The bundled weather: a demo that needs a network is none.
  const stdio = shippedMcpJson({ dataDir: folder, faults, weatherSource: 'sample' }, files);
  return { ...stdio, mcpServers: { ...stdio.mcpServers, commerce, database } };
}

interface StartWorkersOptions {
  readonly folder: string;
  readonly prefix: string;
  readonly mcp: McpJson;
  readonly url: string;
  readonly closing: Closing;
}

async function startWorkers({ folder, prefix, mcp, url, closing }: StartWorkersOptions) {
  const config = join(folder, 'switchyard.config.mjs');
  const workflows = new URL('../../workflows/index.js', import.meta.url).href;
  const text = `import { shippedWorkflows as workflows } from ${JSON.stringify(workflows)};
export default { ...${JSON.stringify({ prefix, mcp })}, workflows };
`;
  await writeFile(config, text);
  closing.add(async () => {
    // The servers of a worker that was killed; the kernel has ended them already where it was asked to.
    new PidList(folder).sweep();
  });
  const start = (): Promise<ProgramProcess> =>
    startProgram({
      program: 'main.js',
      args: ['worker', '--config', config, '--data', folder],
      env: { ...childEnv(), REDIS_URL: url },
      ready: /^Worker \d+ is ready/,
      closing,
    });
  return await Promise.all(Array.from({ length: WORKERS }, start));
}

/** Production refuses ordered faults, and a configuration of the user's is not the demo's. */
function childEnv(): NodeJS.ProcessEnv {
  const { NODE_ENV: _production, SWITCHYARD_MCP: _servers, ...rest } = process.env;
  return rest;
}

/** An embedded Redis ends; in somebody's own Redis nothing of the demo stays. */
async function leaveRedis(redis: ResolvedRedis, prefix: string, log: Logger): Promise<void> {
  if (redis.stop) return await redis.stop();
  await deletePrefix(redis.url, prefix, log);
}
