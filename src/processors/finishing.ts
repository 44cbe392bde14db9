/**
 * Jobs that a worker of ours completes with more than BullMQ's own command says. That command is built by BullMQ, for a
 * return value, a token and whether to fetch the next job; here it is handed on in its place, with the job's end.
 * BullMQ takes the answer as its own, errors included.
 */
import type { EffectEnd, FinishEffect } from '../orchestrators/move.js';
import type { Fence } from '../ports.js';
import type { Begun, NextBegun } from './job.js';

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
  expect(job: object, expected: Expected): void;
  expects(job: object): boolean;
  /**
   * Of an effect that was begun when the job before it ended; once. BullMQ hands the token of that job on to the next. Undefined
   * too when the job comes so late that somebody else may have its lock by now: it then begins like the others, fenced.
   */
  begun(job: string, token: string): Begun | undefined;
}

export interface FinishingOptions {
  readonly finish: FinishEffect;
  /** For how long a lock that Redis has given is surely held, ms. */
  readonly heldForMs: number;
  /** Whether a job that is fetched now may have to wait. */
  readonly isClosed: () => boolean;
}

interface Expected {
  readonly end: EffectEnd;
  readonly fence: Fence;
  readonly next?: NextBegun | undefined;
}

export function createFinishing(backend: Backend, { finish, heldForMs, isClosed }: FinishingOptions): Finishing {
  const ends = new WeakMap<object, Expected>();
  /** By token, with when Redis was asked. */
  const begun = new Map<string, NextBegun & { readonly askedAt: number }>();
  const complete = backend.moveToCompleted;
  backend.moveToCompleted = (job, ...rest) => {
    const expected = ends.get(job);
    return complete.call(expected ? finishingWith(expected) : backend, job, ...rest);
  };

  /** The same backend, but for the one command. */
  function finishingWith({ end, fence, next }: Expected): Backend {
    const own: Backend = Object.create(backend);
    own.execCommand = async (client, name, args) => {
      if (name !== COMMAND) return await backend.execCommand(client, name, args);
      const command = { keys: args.slice(0, KEYS).map(String), args: args.slice(KEYS).map(operand) };
      const askedAt = performance.now();
      const { reply, hasBegun } = await finish(isClosed() ? withoutBegin(end) : end, fence, command);
      if (hasBegun && next) begun.set(fence.token, { ...next, askedAt });
      return reply;
    };
    return own;
  }

  return {
    expect: (job, expected) => void ends.set(job, expected),
    expects: (job) => ends.has(job),
    begun(job, token) {
      const next = begun.get(token);
      begun.delete(token);
      return next?.job === job && performance.now() - next.askedAt < heldForMs ? next.begun : undefined;
    },
  };
}

function withoutBegin(end: EffectEnd): EffectEnd {
  return end.next ? { ...end, next: { ...end.next, begin: undefined } } : end;
}

/** As ioredis sends it. */
function operand(value: unknown): string | number | Buffer {
  if (typeof value === 'number' || Buffer.isBuffer(value)) return value;
  return value === undefined || value === null ? '' : String(value);
}
