/**
 * A worker process that kills or freezes itself at some point of a run: `node worker.mjs <JSON of CrashOrder>`. It is wired
 * like `src/engine/workers.ts`, with the run log, the append and the tools wrapped, since most points lie inside the engine.
 * Prints `ready` once it works; as a spare, once it only waits for a line on its stdin.
 */
import { Redis } from 'ioredis';
import { systemClock } from '../../src/adapters/clock.js';
import { parseMcpConfig } from '../../src/adapters/mcp/config.js';
import { createToolPool } from '../../src/adapters/mcp/tool-pool.js';
import { openRedis } from '../../src/adapters/redis.js';
import { createRunLog } from '../../src/adapters/run-log.js';
import { createScriptRunner } from '../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../src/config.js';
import { createRegistry } from '../../src/engine/registry.js';
import { RUNS_QUEUE, redisKeys } from '../../src/names.js';
import type { AppendStages, FinishEffect } from '../../src/orchestrators/move.js';
import type { Fence, Fenced, RunLog, ToolCaller } from '../../src/ports.js';
import { createIsolation } from '../../src/processors/isolation.js';
import type { JobHandler, ProcessorDependencies } from '../../src/processors/job.js';
import { createQueueWorker } from '../../src/processors/queue-worker.js';
import { createRootHandler } from '../../src/processors/root.js';
import { createStageHandler } from '../../src/processors/stage.js';
import { createAppendStages } from '../../src/queues/append-stages.js';
import { createFinishEffect } from '../../src/queues/finish-effect.js';
import { createQueuePool } from '../../src/queues/queue-pool.js';
import { createRunJobs } from '../../src/queues/run-jobs.js';
import { createStopRun } from '../../src/queues/stop-run.js';
import { NO_TELEMETRY } from '../../src/telemetry.js';
import { workerSettings } from '../../src/worker-settings.js';
import { shippedContracts } from '../../src/workflows/capabilities.js';
import { mutated } from './crash-mutants.js';
import type { CrashOrder, Strike } from './crash-order.js';
import { CrashStrikes } from './crash-strikes.js';
import { crashWorkflows, MATRIX_QUEUES, matrixWorkflows } from './crash-workflows.js';
import { silentLog } from './silent-log.js';

const order: CrashOrder = JSON.parse(process.argv[2] ?? '');
const { matrix } = order;
const strikes = matrix && new CrashStrikes(matrix.folder);

/** The process is gone before this returns; were it not, the test would see an exit without a signal. */
function crashAt(point: Strike['point'], stage: string, run: string): void {
  if (order.point === point && (order.stage ?? '') === stage) process.kill(process.pid, 'SIGKILL');
  strikes?.at(point, stage, run);
}

const connection = openRedis(order.url, 'worker', { log: silentLog, name: 'crash-worker' });
const outside = new Redis(order.url);
const scripts = createScriptRunner(connection);
const keys = redisKeys(order.prefix);
const retention = matrix?.retention ?? RETENTION_DEFAULTS;
const queues = createQueuePool(connection, order.prefix, () => undefined);
const pool = matrix && createToolPool({ config: mcpConfig(matrix.servers), contracts: shippedContracts });
const wiring = await mutated(
  matrix?.mutant,
  {
    log: createRunLog(scripts, keys, retention),
    append: createAppendStages(scripts, keys, createRunJobs(queues, retention)),
    tools: pool ?? { call: () => Promise.reject(new Error('no tools')), close: () => Promise.resolve() },
  },
  outside,
  order.prefix,
);

function mcpConfig(servers: Readonly<Record<string, string>>) {
  const entries = Object.entries(servers).map(([name, url]) => [name, { url }]);
  return parseMcpConfig({ mcpServers: Object.fromEntries(entries) }, 'the crash worker');
}

type Around = 'intent' | 'finish' | 'done' | 'append' | 'failure' | 'decision' | 'end';

/** A fenced write with a point before it and one after it. */
async function around<T extends { readonly kind: string }>(
  what: Around,
  run: string,
  stage: string,
  fence: Fence,
  write: () => Promise<T | Fenced>,
): Promise<T | Fenced> {
  crashAt(`before-${what}`, stage, run);
  const answer = strikes ? await strikes.written(what, fence, write) : await write();
  crashAt(`after-${what}`, stage, run);
  return answer;
}

const log: RunLog = {
  read: (...args) => wiring.log.read(...args),
  mark: (...args) => wiring.log.mark(...args),
  lostAnswer: (...args) => wiring.log.lostAnswer(...args),
  beginEffect: (...args) => around('intent', args[0], args[2], args[1], () => wiring.log.beginEffect(...args)),
  async finishEffect(...args) {
    const finished = await around('done', args[0], args[2], args[1], () => wiring.log.finishEffect(...args));
    if (!matrix) {
      await outside.rpush(`${order.prefix}-finished`, JSON.stringify({ stage: args[2], kind: finished.kind }));
    }
    return finished;
  },
  recordFailedAttempt: (...args) =>
    around('failure', args[0], args[2], args[1], () => wiring.log.recordFailedAttempt(...args)),
  decideOnce: (...args) => around('decision', args[0], '', args[1], () => wiring.log.decideOnce(...args)),
  recordSlaDue: (...args) => wiring.log.recordSlaDue(...args),
  forgetClock: (...args) => wiring.log.forgetClock(...args),
  standing: (...args) => wiring.log.standing(...args),
  end: (...args) => around('end', args[0], '', args[1], () => wiring.log.end(...args)),
};

const append: AppendStages = (definition, facts, fence, stages, phase) =>
  around('append', facts.record.id, stages[0]?.stage ?? '', fence, () =>
    wiring.append(definition, facts, fence, stages, phase),
  );

const finishEffect = createFinishEffect(scripts, keys, createRunJobs(queues, retention));
const finish: FinishEffect = async (end, fence, command) => {
  const write = async () => {
    const finished = await finishEffect(end, fence, command);
    return { kind: Number(finished.reply) < 0 ? 'fenced-off' : 'finished', ...finished };
  };
  const answer = await around('finish', end.run, end.stage, fence, write);
  return 'reply' in answer ? answer : { reply: undefined, hasBegun: false };
};
const finishes = matrix ? !matrix.plain : order.point.endsWith('-finish');

const tools: ToolCaller = {
  close: () => wiring.tools.close(),
  async call(capability, args, options) {
    const answer = await wiring.tools.call(capability, args, options);
    // A call without a key is a read, of which a stage makes one.
    const [, stage = ''] = (options.meta?.['switchyard/key'] ?? '').split('/');
    crashAt('after-effect', stage, options.meta?.['switchyard/run'] ?? '');
    return answer;
  },
};

const workflows = matrix
  ? matrixWorkflows((run) => crashAt('aggregate', '', run))
  : crashWorkflows(outside, order.prefix, async (stage, run) => {
      crashAt('after-effect', stage, run);
      // The test has frozen this process by the time it lets it go on.
      if (order.point === 'hold' && order.stage === stage) await outside.blpop(`${order.prefix}-go`, 0);
    }).all;
const registry = createRegistry(workflows);
const processors: ProcessorDependencies = {
  log,
  definition: registry.find,
  append,
  stop: createStopRun(scripts, keys),
  isStopping: () => false,
  nested: { start: () => Promise.reject(new Error('none')), retry: () => Promise.reject(new Error('none')) },
  holdBack: async () => ({ kind: 'go-on' }),
  answerAtDeadline: () => Promise.resolve(),
  tools,
  clock: systemClock,
  random: () => 0,
  telemetry: NO_TELEMETRY,
  logger: silentLog,
};

function noted(handler: JobHandler): JobHandler {
  if (!strikes) return handler;
  return (job) => {
    strikes.begun(job);
    return handler(job);
  };
}

const [root, stage] = [noted(createRootHandler(processors)), noted(createStageHandler(processors))];
const isolation = createIsolation();
const workers = (matrix ? MATRIX_QUEUES : registry.queues()).map((queue) =>
  createQueueWorker({
    queue,
    connection,
    prefix: order.prefix,
    keys,
    name: 'crash-worker',
    handler: queue === RUNS_QUEUE ? root : stage,
    settings: workerSettings(order.settings),
    isolation,
    ...(finishes && { finish }),
    telemetry: NO_TELEMETRY,
    logger: silentLog,
  }),
);
const start = () => {
  for (const worker of workers) worker.start();
};
if (order.spare) {
  // Connected before it is needed, so that a dead worker's place is taken at once.
  await Promise.all([connection.ping(), pool?.check()]);
  process.stdin.once('data', start);
  process.stdin.once('end', () => process.exit(0));
} else start();
process.stdout.write('ready\n');
