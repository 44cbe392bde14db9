/**
 * Jobs that a worker of ours completes with more than BullMQ's own command says. That command is built by BullMQ, for a
 * return value, a token and whether to fetch the next job; here it is handed on in its place, with the job's end.
 * BullMQ takes the answer as its own, errors included.
 */
import type { EffectEnd, FinishEffect } from '../orchestrators/move.js';
import type { Fence } from '../ports.js';

/** BullMQ's command, and how many of what is sent are its KEYS; `test/integration/queues/bullmq-adds.test.ts` holds it to them. */
const COMMAND = 'moveToFinished';
const KEYS = 14;

/** Through which a Worker completes its jobs. */
interface Backend {
  moveToCompleted(job: object, ...rest: readonly never[]): Promise<unknown>;
  execCommand(client: unknown, name: string, args: readonly unknown[]): unknown;
}

export interface Finishing {
  /** The job is to be completed with this, once it is. An earlier attempt of it, which this process may still run, is not. */
  expect(job: object, end: EffectEnd, fence: Fence): void;
  expects(job: object): boolean;
}

export function createFinishing(backend: Backend, finish: FinishEffect): Finishing {
  const ends = new WeakMap<object, { readonly end: EffectEnd; readonly fence: Fence }>();
  const complete = backend.moveToCompleted;
  backend.moveToCompleted = (job, ...rest) => {
    const expected = ends.get(job);
    return complete.call(expected ? finishingWith(expected) : backend, job, ...rest);
  };

  /** The same backend, but for the one command. */
  function finishingWith({ end, fence }: { readonly end: EffectEnd; readonly fence: Fence }): Backend {
    const own: Backend = Object.create(backend);
    own.execCommand = (client, name, args) => {
      if (name !== COMMAND) return backend.execCommand(client, name, args);
      return finish(end, fence, { keys: args.slice(0, KEYS).map(String), args: args.slice(KEYS).map(operand) });
    };
    return own;
  }

  return {
    expect: (job, end, fence) => void ends.set(job, { end, fence }),
    expects: (job) => ends.has(job),
  };
}

/** As ioredis sends it. */
function operand(value: unknown): string | number | Buffer {
  if (typeof value === 'number' || Buffer.isBuffer(value)) return value;
  return value === undefined || value === null ? '' : String(value);
}
