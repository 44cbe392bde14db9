/**
 * A worker process that kills itself at one point of a run: `node --import tsx crash-worker.ts <JSON of CrashOrder>`. It
 * is wired like `src/workers.ts`, with the run log and the append wrapped, since most points lie inside the engine.
 * Prints `ready` once it works.
 */
import { Redis } from 'ioredis';
import { systemClock } from '../../src/adapters/clock.js';
import { openRedis } from '../../src/adapters/redis.js';
import { createRunLog } from '../../src/adapters/run-log.js';
import { createScriptRunner } from '../../src/adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../src/config.js';
import { RUNS_QUEUE, redisKeys } from '../../src/names.js';
import type { RunLog } from '../../src/ports.js';
import { createIsolation } from '../../src/processors/isolation.js';
import type { ProcessorDependencies } from '../../src/processors/job.js';
import { createQueueWorker, workerSettings } from '../../src/processors/queue-worker.js';
import { createRootHandler } from '../../src/processors/root.js';
import { createStageHandler } from '../../src/processors/stage.js';
import { createAppendStages } from '../../src/queues/append-stages.js';
import { createQueuePool } from '../../src/queues/queue-pool.js';
import { createRunJobs } from '../../src/queues/run-jobs.js';
import { createStopRun } from '../../src/queues/stop-run.js';
import { createRegistry } from '../../src/registry.js';
import type { CrashOrder, CrashPoint } from './crash-order.js';
import { crashWorkflows } from './crash-workflows.js';
import { silentLog } from './silent-log.js';

const order: CrashOrder = JSON.parse(process.argv[2] ?? '');

/** The process is gone before this returns; were it not, the test would see an exit without a signal. */
function crashAt(point: CrashPoint, stage = ''): void {
  if (order.point === point && (order.stage ?? '') === stage) process.kill(process.pid, 'SIGKILL');
}

const connection = openRedis(order.url, 'worker', { log: silentLog, name: 'crash-worker' });
const outside = new Redis(order.url);
const scripts = createScriptRunner(connection);
const keys = redisKeys(order.prefix);
const queues = createQueuePool(connection, order.prefix, () => undefined);
const jobs = createRunJobs(queues, RETENTION_DEFAULTS);
const inner = createRunLog(scripts, keys, RETENTION_DEFAULTS);
const append = createAppendStages(scripts, keys, jobs);

async function around<T>(before: CrashPoint, after: CrashPoint, stage: string, work: () => Promise<T>): Promise<T> {
  crashAt(before, stage);
  const result = await work();
  crashAt(after, stage);
  return result;
}

const log: RunLog = {
  read: (...args) => inner.read(...args),
  beginEffect: (...args) => around('before-intent', 'after-intent', args[2], () => inner.beginEffect(...args)),
  async finishEffect(...args) {
    const finished = await around('before-done', 'after-done', args[2], () => inner.finishEffect(...args));
    await outside.rpush(`${order.prefix}-finished`, JSON.stringify({ stage: args[2], kind: finished.kind }));
    return finished;
  },
  recordFailedAttempt: (...args) =>
    around('before-failure', 'after-failure', args[2], () => inner.recordFailedAttempt(...args)),
  decideOnce: (...args) => around('before-decision', 'after-decision', '', () => inner.decideOnce(...args)),
  recordSlaDue: (...args) => inner.recordSlaDue(...args),
  tally: (...args) => inner.tally(...args),
  end: (...args) => around('before-end', 'after-end', '', () => inner.end(...args)),
};

const registry = createRegistry(
  crashWorkflows(outside, order.prefix, async (stage) => {
    crashAt('after-effect', stage);
    // The test has frozen this process by the time it lets it go on.
    if (order.point === 'hold' && order.stage === stage) await outside.blpop(`${order.prefix}-go`, 0);
  }).all,
);
const processors: ProcessorDependencies = {
  log,
  definition: registry.find,
  append: (definition, facts, fence, stages, phase) =>
    around('before-append', 'after-append', stages[0]?.stage ?? '', () =>
      append(definition, facts, fence, stages, phase),
    ),
  stop: createStopRun(scripts, keys),
  isStopping: () => false,
  answerAtDeadline: () => Promise.resolve(),
  tools: { call: () => Promise.reject(new Error('no tools')), close: () => Promise.resolve() },
  clock: systemClock,
  random: () => 0,
  logger: silentLog,
};
const [root, stage] = [createRootHandler(processors), createStageHandler(processors)];
const isolation = createIsolation();
for (const queue of registry.queues()) {
  createQueueWorker({
    queue,
    connection,
    prefix: order.prefix,
    keys,
    name: 'crash-worker',
    handler: queue === RUNS_QUEUE ? root : stage,
    settings: workerSettings(order.settings),
    isolation,
    logger: silentLog,
  }).start();
}
process.stdout.write('ready\n');
