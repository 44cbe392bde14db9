/**
 * Bugs seeded on purpose, to see that the checker finds them: each is another wiring of the same parts, in the worker
 * process of the harness. No shipped file knows of them.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { AppendStages } from '../../src/orchestrators/move.js';
import type { Fence, RunLog, ToolCaller } from '../../src/ports.js';
import type { Mutant } from './crash-order.js';

export interface Wiring {
  readonly log: RunLog;
  readonly append: AppendStages;
  readonly tools: ToolCaller;
}

/** `id-reused` is no wiring of a worker: it is a retention that is shorter than the client's retries. */
export async function mutated(
  mutant: Mutant | undefined,
  wiring: Wiring,
  redis: Redis,
  prefix: string,
): Promise<Wiring> {
  switch (mutant) {
    case 'no-forward-key':
      return { ...wiring, tools: withoutKey(wiring.tools, (stage) => !stage.endsWith('.undo')) };
    case 'no-undo-key':
      return { ...wiring, tools: withoutKey(wiring.tools, (stage) => stage.endsWith('.undo')) };
    case 'no-intent':
      return { ...wiring, log: { ...wiring.log, beginEffect: () => Promise.resolve({ kind: 'begun' }) } };
    case 'max-stalled-count-1':
      failAtSecondCrash();
      return wiring;
    case 'no-fence':
      return await withoutFence(wiring, redis, prefix);
    default:
      return wiring;
  }
}

/** A new key for each call, as a client that makes one up has. */
function withoutKey(tools: ToolCaller, which: (stage: string) => boolean): ToolCaller {
  return {
    close: () => tools.close(),
    call: (capability, args, options) => {
      const [, stage = ''] = (options.meta?.['switchyard/key'] ?? '').split('/');
      const made = which(stage) && 'idempotencyKey' in args;
      return tools.call(capability, made ? { ...args, idempotencyKey: randomUUID() } : args, options);
    },
  };
}

/** BullMQ's default, which our worker overrides. */
function failAtSecondCrash(): void {
  const run = Worker.prototype.run;
  Worker.prototype.run = function (this: Worker) {
    const options: unknown = Reflect.get(this, 'opts');
    if (typeof options === 'object' && options !== null) Reflect.set(options, 'maxStalledCount', 1);
    return run.call(this);
  };
}

/** Every write names a lock that is always held. */
async function withoutFence({ log, append, tools }: Wiring, redis: Redis, prefix: string): Promise<Wiring> {
  const open: Fence = { lockKey: `${prefix}:open`, token: 'open' };
  await redis.set(open.lockKey, open.token);
  return {
    tools,
    append: (definition, facts, _fence, stages, phase) => append(definition, facts, open, stages, phase),
    log: {
      read: log.read,
      mark: log.mark,
      lostAnswer: log.lostAnswer,
      beginEffect: (run, _fence, stage, intent, way) => log.beginEffect(run, open, stage, intent, way),
      finishEffect: (run, _fence, stage, done) => log.finishEffect(run, open, stage, done),
      recordFailedAttempt: (run, _fence, stage, attempt) => log.recordFailedAttempt(run, open, stage, attempt),
      decideOnce: (run, _fence, decision) => log.decideOnce(run, open, decision),
      recordSlaDue: (run, _fence, at) => log.recordSlaDue(run, open, at),
      forgetClock: (run, _fence, timer) => log.forgetClock(run, open, timer),
      standing: (run) => log.standing(run),
      end: (run, _fence, outcome) => log.end(run, open, outcome),
    },
  };
}
