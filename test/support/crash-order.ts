/** Orders to a worker process that is to die, and the means to start one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkerSettings } from '../../src/processors/queue-worker.js';

type Instant =
  | `${'before' | 'after'}-${'intent' | 'done' | 'append' | 'failure' | 'decision' | 'end'}`
  | 'after-effect';

/** `hold`: the task waits after its effect, so that the process can be frozen there. `never`: it works on. */
export type CrashPoint = Instant | 'hold' | 'never';

export interface CrashOrder {
  readonly url: string;
  readonly prefix: string;
  readonly point: CrashPoint;
  /** The stage at which; for an append, the first that is appended; absent where there is only one. */
  readonly stage?: string;
  readonly settings: Partial<WorkerSettings>;
}

const PROGRAM = fileURLToPath(new URL('./crash-worker.ts', import.meta.url));

/** Resolves once the worker works. Whoever starts one ends it. */
export async function startCrashWorker(order: CrashOrder): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`)));
  ended.catch(() => {});
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

/** The signal that ended it, or its exit code. */
export async function endOf(child: ChildProcess): Promise<string | number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}
