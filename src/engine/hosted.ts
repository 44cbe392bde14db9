/**
 * Stages inside Workers that a team has: `new Worker(queue, sy.processor(task), sy.workerOptions({ connection }))`. What runs
 * them is loaded with the first job (`hosting.ts`): a process that only starts runs never pays for it.
 */
import { delayOf } from '../attempt-failed.js';
import { SwitchyardError } from '../errors.js';
import { type BackoffStrategy, type HostedWorkerOptions, withOurSettings } from '../hosted-settings.js';
import { tasksOf } from '../orchestrators/definition.js';
import type { HostedProcessor } from '../processors/hosted-processor.js';
import { BACKOFF_TYPE } from '../queues/run-jobs.js';
import type { Hosting, ProcessorOf, ProcessorOptions } from './hosting.js';
import type { ProcessingDependencies } from './processing.js';
import type { Registry } from './registry.js';

export type { BackoffStrategy, HostedWorkerOptions } from '../hosted-settings.js';
export type { HostedJob, HostedProcessor } from '../processors/hosted-processor.js';
export type { ProcessorOf, ProcessorOptions } from './hosting.js';

export interface HostedWorkers {
  processor(of: readonly ProcessorOf[], options?: ProcessorOptions): HostedProcessor;
  workerOptions<Options extends HostedWorkerOptions>(options: Options): HostedOptions<Options>;
  close(): void;
}

/** Theirs, with what stages need filled in. */
export type HostedOptions<Options> = Omit<Options, 'settings' | 'prefix' | 'maxStalledCount'> & {
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
  readonly settings: {
    readonly backoffStrategy: (attempts: number, type?: string, error?: Error) => number | Promise<number>;
  };
};

export function createHostedWorkers(deps: ProcessingDependencies): HostedWorkers {
  const ours = new WeakSet<BackoffStrategy>();
  const isOurBackoff = (strategy: BackoffStrategy | undefined) => strategy !== undefined && ours.has(strategy);
  let hosting: Hosting | undefined;
  let closed = false;

  async function loaded(): Promise<Hosting> {
    const { createHosting } = await import('./hosting.js');
    hosting ??= createHosting(deps, isOurBackoff);
    if (closed) hosting.close();
    return hosting;
  }

  return {
    processor(of, options = {}) {
      for (const one of of) assertKnown(deps.registry, one);
      let inside: HostedProcessor | undefined;
      async function first(): Promise<HostedProcessor> {
        const ready = await loaded();
        inside ??= ready.processor(of, options);
        return inside;
      }
      // Three declared parameters: BullMQ passes the signal only to a processor whose length says that it takes one.
      return async (job, token: string | undefined, signal: AbortSignal | undefined) =>
        await (inside ?? (await first()))(job, token, signal);
    },
    workerOptions(options) {
      const theirs = options.settings?.backoffStrategy;
      const backoff: BackoffStrategy = (attempts, type, error, job) =>
        type === BACKOFF_TYPE || !theirs ? delayOf(error) : theirs(attempts, type, error, job);
      ours.add(backoff);
      return withOurSettings(options, { prefix: deps.prefix, backoff });
    },
    close() {
      closed = true;
      hosting?.close();
    },
  };
}

/** @throws SwitchyardError INVALID_CONFIG for one that no definition here has: its stages would never come */
function assertKnown({ definitions }: Registry, one: ProcessorOf): void {
  const isKnown =
    'pattern' in one
      ? definitions.includes(one)
      : !one.waits && !one.foreign && definitions.some((definition) => tasksOf(definition).includes(one));
  if (isKnown) return;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `sy.processor("${one.name}"): no workflow of this Switchyard has it as something that a worker runs; add its workflow to \`workflows\``,
  );
}
