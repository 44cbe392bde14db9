/**
 * A worker process of the crash test: wired like every worker, with a {@link RunWatch} around its ports and a recording
 * proxy before each of its MCP servers. Told what to do over its channel; ends when that closes.
 */
import { fileURLToPath } from 'node:url';
import { createLogger } from '../../adapters/logger.js';
import type { McpConfig, StdioServerSettings } from '../../adapters/mcp/config.js';
import { redactorOf } from '../../adapters/mcp/redaction.js';
import { limitsOf } from '../../adapters/mcp/server-limits.js';
import { createToolPool, type ToolPool } from '../../adapters/mcp/tool-pool.js';
import { createRedisConnections } from '../../adapters/redis-connections.js';
import { RETENTION_DEFAULTS } from '../../config.js';
import { createRegistry } from '../../engine/registry.js';
import { createWorkers } from '../../engine/workers.js';
import { toSwitchyardError } from '../../errors.js';
import { redisKeys } from '../../names.js';
import { createQueuePool } from '../../queues/queue-pool.js';
import { createRunJobs } from '../../queues/run-jobs.js';
import { PROXY_VARIABLE, type ProxySettings } from '../../servers/recording-proxy/settings.js';
import { shippedContracts, shippedWorkflows } from '../../workflows/index.js';
import type { Order } from './order.js';
import { loadSubject, type Subject } from './subject.js';
import { RunWatch } from './watch-run.js';
import { watchedWorkflow } from './watched-workflow.js';
import { type FromWorker, type Setup, ToWorker } from './worker-orders.js';

const PROXY = fileURLToPath(new URL('../../servers/recording-proxy/main.js', import.meta.url));

const log = createLogger(process.env.SWITCHYARD_LOG === 'debug' ? 'debug' : 'silent');
const tell = (message: FromWorker): void => void process.send?.(message);

/** Answers are lost on purpose, many in a row: a breaker that opened for it would put the cases off for a minute each. */
const PATIENT = limitsOf({ breaker: { failures: 1_000 }, health: { every: false } });

/** Each server's place is taken by a proxy that starts, or reaches, the server itself. */
function behindProxies({ servers, bindings }: Setup): McpConfig {
  const proxied = (settings: ProxySettings): StdioServerSettings => ({
    kind: 'stdio',
    name: settings.server,
    command: process.execPath,
    args: [PROXY],
    env: { [PROXY_VARIABLE]: JSON.stringify(settings) },
    cwd: undefined,
    display: `recording proxy of ${settings.server}`,
    limits: PATIENT,
    redact: redactorOf(
      Object.values(settings.upstream.kind === 'http' ? settings.upstream.headers : settings.upstream.env),
    ),
  });
  return {
    source: 'the crash test',
    servers: new Map(servers.map((settings) => [settings.server, proxied(settings)])),
    // Checked by the command before it sent them.
    bindings: bindings as McpConfig['bindings'],
  };
}

function isShipped({ workflow }: Subject): boolean {
  return shippedWorkflows.some((shipped) => shipped.name === workflow.name);
}

function createBench(setup: Setup, subject: Subject, tools: ToolPool) {
  const orders = new Map<string, Order>();
  const watch = new RunWatch({
    record: setup.record,
    isVictim: setup.isVictim,
    orderOf: (run) => orders.get(run) ?? {},
  });
  const registry = createRegistry([watchedWorkflow(subject.workflow, watch)]);
  const served = new Map<string, () => Promise<void>>();
  return {
    async serve(prefix: string, ordered: Readonly<Record<string, Order>>) {
      for (const [run, order] of Object.entries(ordered)) orders.set(run, order);
      const connections = createRedisConnections(setup.redisUrl, log, prefix);
      const queues = createQueuePool(connections.open('producer'), prefix, () => undefined);
      const deps = { registry, prefix, keys: redisKeys(prefix), retention: RETENTION_DEFAULTS, tools, logger: log };
      const jobs = createRunJobs(queues, RETENTION_DEFAULTS, registry.workflows);
      const workers = createWorkers({ ...deps, connections, jobs, wrap: (ports) => watch.wrap(ports) }, setup.settings);
      served.set(prefix, async () => {
        await workers.stop();
        await queues.close();
        connections.close();
      });
      await workers.start();
    },
    async release(prefix: string) {
      await served.get(prefix)?.();
      served.delete(prefix);
    },
  };
}

let bench: ReturnType<typeof createBench> | undefined;
let tools: ToolPool | undefined;

async function obey(message: ToWorker): Promise<FromWorker> {
  switch (message.kind) {
    case 'setup': {
      const subject = await loadSubject(message.subject);
      const contracts = isShipped(subject) ? shippedContracts : {};
      tools = createToolPool({ config: behindProxies(message), contracts, logger: log, dataDir: message.dataDir });
      bench = createBench(message, subject, tools);
      return { kind: 'ready' };
    }
    case 'serve':
      await bench?.serve(message.prefix, message.orders);
      return { kind: 'serving', prefix: message.prefix };
    case 'release':
      await bench?.release(message.prefix);
      return { kind: 'released', prefix: message.prefix };
  }
}

process.on('message', (raw) => {
  obey(ToWorker.parse(raw)).then(tell, (thrown: unknown) => {
    tell({ kind: 'failed', message: toSwitchyardError(thrown).message });
  });
});
process.once('disconnect', () => {
  // Nothing of a worker whose command has gone is worth finishing, but its servers must go with it.
  void (tools?.close() ?? Promise.resolve()).finally(() => process.exit(0));
});
