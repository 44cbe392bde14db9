/**
 * Jobs that a worker of ours completes with more than BullMQ's own command says. That command is built by BullMQ, for a
 * return value, a token and whether to fetch the next job; here it is handed on in its place, with the job's end.
 * BullMQ takes the answer as its own, errors included.
 */
import type { EffectEnd, FinishEffect } from '../orchestrators/move.js';
import type { Fence } from '../ports.js';

/** BullMQ's numbers of KEYS and ARGV; `test/integration/queues/bullmq-adds.test.ts` holds the command to them. */
const [KEYS, ID, TARGET] = [14, 14, 18];

/** Through which a Worker sends its commands. */
interface Backend {
  execCommand(client: unknown, name: string, args: readonly unknown[]): unknown;
}

export interface Finishing {
  /** The job is to be completed with this, once it is. */
  expect(job: string, end: EffectEnd, fence: Fence): void;
  expects(job: string): boolean;
  forget(job: string): void;
}

export function createFinishing(backend: Backend, finish: FinishEffect): Finishing {
  const ends = new Map<string, { readonly end: EffectEnd; readonly fence: Fence }>();
  const plain = backend.execCommand.bind(backend);
  backend.execCommand = (client, name, args) => {
    const expected = name === 'moveToFinished' && args[TARGET] === 'completed' ? ends.get(String(args[ID])) : undefined;
    if (!expected) return plain(client, name, args);
    const command = { keys: args.slice(0, KEYS).map(String), args: args.slice(KEYS).map(operand) };
    return finish(expected.end, expected.fence, command);
  };
  return {
    expect: (job, end, fence) => void ends.set(job, { end, fence }),
    expects: (job) => ends.has(job),
    forget: (job) => void ends.delete(job),
  };
}

/** As ioredis sends it. */
function operand(value: unknown): string | number | Buffer {
  if (typeof value === 'number' || Buffer.isBuffer(value)) return value;
  return value === undefined || value === null ? '' : String(value);
}
