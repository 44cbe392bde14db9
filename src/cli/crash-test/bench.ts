/** What a crash test plays on: a folder, a Redis of its own, the servers behind their proxies, the record. All ends with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { startEmbeddedRedis } from '../../adapters/embedded-redis/embedded-redis.js';
import { loadMcpConfig, type McpConfig, type McpServerSettings, parseMcpConfig } from '../../adapters/mcp/config.js';
import { PidList } from '../../adapters/mcp/pid-list.js';
import { createToolPool, type ToolPool } from '../../adapters/mcp/tool-pool.js';
import { parseRedisUrl } from '../../adapters/redis-url.js';
import type { McpJson } from '../../engine/define-config.js';
import { toSwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import { type AnswerLine, appendLine } from '../../servers/recording-proxy/record.js';
import { META, type ProxySettings } from '../../servers/recording-proxy/settings.js';
import { deletePrefix } from '../delete-prefix.js';
import type { Closing } from '../demo/closing.js';
import { loadProject } from '../project.js';
import { provideSampleFiles } from '../sample-files.js';
import type { Settings } from '../settings.js';
import { shippedMcpJson, toolServers } from '../tool-servers.js';
import { toolName } from './count-effects.js';
import { type RecordedCall, RecordReader } from './record.js';
import type { Subject } from './subject.js';
import type { Setup } from './worker-orders.js';
import { WorkerProcess } from './worker-process.js';

/** The folder in which a server of the test may keep its data: `${SWITCHYARD_CRASH_TEST_DIR}` in an `mcp.json`. */
const DIR_VARIABLE = 'SWITCHYARD_CRASH_TEST_DIR';

/** Locks that run out soon: what is tested is what happens then, not how long that takes. */
const VICTIM = { lockDurationMs: 2_000, lockRenewMs: 500, stalledIntervalMs: 500, concurrency: 50, graceMs: 1_000 };
/** Its own locks are long: on a slow machine it must not lose one that nobody ordered it to lose. */
const SURVIVOR = { stalledIntervalMs: 500, concurrency: 50, graceMs: 1_000 };

export interface Bench {
  readonly redisUrl: string;
  readonly record: RecordReader;
  /** Hands a call to its server that was held back until now, and writes its answer down. */
  deliver(call: RecordedCall): Promise<void>;
  /** Straight to the servers, for `effects`. */
  readonly tools: ToolPool;
  /** A prefix of its own, gone with the bench. */
  prefix(): string;
  worker(kind: 'victim' | 'survivor'): Promise<WorkerProcess>;
  /** SIGKILLs a worker and, as the kernel does with what is guarded, the servers that it had started. */
  kill(worker: WorkerProcess): Promise<void>;
}

export interface BuildBenchOptions {
  readonly subject: Subject;
  readonly settings: Settings;
  /** Address of a Redis given for this command; otherwise one of its own is started. */
  readonly redis: string | undefined;
  readonly log: Logger;
  readonly closing: Closing;
}

export async function buildBench({ subject, settings, redis, log, closing }: BuildBenchOptions): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-crash-test-'));
  closing.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const redisUrl = redis === undefined ? await ownRedis(folder, log, closing) : parseRedisUrl(redis).href;
  const servers = await serversOf(subject, settings, folder);
  const record = new RecordReader(join(folder, 'record.jsonl'));
  closing.add(async () => record.close());
  const tools = createToolPool({ config: servers, logger: log });
  closing.add(() => tools.close());
  const setup: Omit<Setup, 'kind' | 'isVictim' | 'settings'> = {
    subject: subject.reference,
    redisUrl,
    record: join(folder, 'record.jsonl'),
    servers: [...servers.servers.values()].map((server) => proxied(server, join(folder, 'record.jsonl'))),
    bindings: servers.bindings,
    dataDir: folder,
  };
  const stem = `{sy-crash-${folder.slice(-6)}`;
  let prefixes = 0;
  // Before any worker: what is opened first is closed last, and a worker that still goes would write again where all was deleted.
  if (redis !== undefined) closing.add(() => deletePrefix(redisUrl, stem, log));
  return {
    redisUrl,
    record,
    tools,
    deliver: (call) => deliver(call, tools, join(folder, 'record.jsonl')),
    prefix() {
      prefixes += 1;
      return `${stem}-${prefixes}}`;
    },
    async worker(kind) {
      const isVictim = kind === 'victim';
      const worker = await WorkerProcess.start({ ...setup, isVictim, settings: isVictim ? VICTIM : SURVIVOR });
      closing.add(() => (isVictim ? endWithServers(worker, record, folder) : worker.stop()));
      return worker;
    },
    kill: (worker) => endWithServers(worker, record, folder),
  };
}

async function ownRedis(folder: string, log: Logger, closing: Closing): Promise<string> {
  const { url, stop } = await startEmbeddedRedis({ dataDir: folder, log });
  closing.add(stop);
  return url;
}

/** The crash test's own `mcp`, else what every other command would take; for a shipped workflow the shipped servers. */
async function serversOf(subject: Subject, settings: Settings, folder: string): Promise<McpConfig> {
  const environment = { ...process.env, [DIR_VARIABLE]: folder };
  if (settings.mcp === undefined && subject.file === undefined) return await shippedConfig(folder);
  const { mcp, file } = subject;
  if (settings.mcp !== undefined) return await loadMcpConfig(settings.mcp, { environment });
  const base = file === undefined ? process.cwd() : dirname(file);
  if (typeof mcp === 'string') return await loadMcpConfig(resolve(base, mcp), { environment });
  if (mcp !== undefined) return parseMcpConfig(mcp, file ?? 'the crash test', { environment, folder: base });
  return await toolServers({ ...settings, dataDir: folder }, await loadProject(settings.config));
}

async function shippedConfig(folder: string): Promise<McpConfig> {
  const files = join(folder, 'files');
  await provideSampleFiles(files);
  const json: McpJson = shippedMcpJson({ dataDir: folder, weatherSource: 'sample' }, files);
  return parseMcpConfig(json, "the crash test's configuration");
}

function proxied(settings: McpServerSettings, record: string): ProxySettings {
  if (settings.kind === 'http') {
    const { url, headers } = settings;
    return { server: settings.name, record, upstream: { kind: 'http', url: url.href, headers } };
  }
  const { command, args, env, cwd } = settings;
  const upstream = { kind: 'stdio' as const, command, args: [...args], env, ...(cwd !== undefined && { cwd }) };
  return { server: settings.name, record, upstream };
}

const DELIVERY_MS = 15_000;

async function deliver(call: RecordedCall, tools: ToolPool, record: string): Promise<void> {
  const { id, run, key, args } = call;
  const meta = { ...(run !== undefined && { [META.run]: run }), ...(key !== undefined && { [META.key]: key }) };
  const began = performance.now();
  const answered = (said: Pick<AnswerLine, 'result' | 'error'>) =>
    appendLine(record, { kind: 'answer', id, ms: Math.round(performance.now() - began), delivered: false, ...said });
  try {
    const value = await tools.call(toolName(call), args, { timeoutMs: DELIVERY_MS, safeToRepeat: false, meta });
    answered({ result: { content: [{ type: 'text', text: JSON.stringify(value ?? null) }] } });
  } catch (thrown) {
    const { code, message } = toSwitchyardError(thrown);
    if (code !== 'TOOL_FAILED') throw thrown;
    answered({ error: { code: 0, message } });
  }
}

async function endWithServers(worker: WorkerProcess, record: RecordReader, folder: string): Promise<void> {
  await worker.kill();
  for (const pid of record.proxiesOf(worker.pid)) {
    try {
      // The group: a proxy that is gone already may have left its server behind.
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  }
  new PidList(folder).sweep();
}
