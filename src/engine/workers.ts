/**
 * The workers of one process, as an application holds them: one per queue, started and stopped together. What works is loaded
 * when they start (`worker-crew.ts`): a process that only starts runs never pays for it.
 */
import { SwitchyardError } from '../errors.js';
import { CALLBACKS_QUEUE } from '../names.js';
import { type WorkerSettings, workerSettings } from '../worker-settings.js';
import type { ProcessingDependencies } from './processing.js';
import type { Registry } from './registry.js';
import type { Crew } from './worker-crew.js';
import { createWorkerHealth, type WorkerHealth } from './worker-health.js';

export type { WorkerHealth };

export interface WorkersOptions extends Partial<WorkerSettings> {
  /** Which queues to serve; all by default. */
  readonly queues?: readonly string[];
}

export interface Workers {
  readonly queues: readonly string[];
  /**
   * Resolves once they work; and when they are stopped meanwhile, with nothing begun. One that failed may be tried again.
   * @throws SwitchyardError REDIS_UNAVAILABLE, REDIS_UNSUITABLE; ILLEGAL_STATE once stopped
   */
  start(): Promise<void>;
  /** Lets active jobs end, puts back those that take longer than the grace. May be called twice. */
  stop(): Promise<void>;
  /** Whether they get on, for probes. Answers within a second, also when Redis does not. */
  health(): Promise<WorkerHealth>;
}

/** @throws SwitchyardError INVALID_CONFIG; ILLEGAL_STATE where the connections are closed */
export function createWorkers(deps: ProcessingDependencies, { queues, ...overrides }: WorkersOptions = {}): Workers {
  const served = servedQueues(deps.registry, { asked: queues, callbacks: deps.callbacks });
  const settings = workerSettings(overrides);
  deps.connections.assertOpen();
  const { stuckAfterMs, clockCheckMs: askedEveryMs } = settings;
  /** Of workers that have not been started. */
  const idle = createWorkerHealth({
    ...{ queues: [], stuckAfterMs, askedEveryMs },
    reconnects: () => false,
    now: () => performance.now(),
  });
  let crew: Crew | undefined;
  let stopping: Promise<void> | undefined;

  async function assembled(): Promise<Crew | undefined> {
    await deps.connections.ready();
    const { createCrew } = await import('./worker-crew.js');
    if (!stopping) crew ??= createCrew(deps, { served, settings });
    return crew;
  }
  async function stop(): Promise<void> {
    idle.set('stopping');
    await crew?.stop();
  }

  return {
    queues: served,
    async start() {
      if (stopping)
        throw new SwitchyardError('ILLEGAL_STATE', 'these workers were stopped; make new ones with workers()');
      const ready = await assembled().catch((error: unknown) => {
        if (!stopping) throw error;
      });
      await ready?.start();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    health: async () => (crew ? await crew.health() : idle.look(false)),
  };
}

/**
 * The queues that workers serve: those asked for, or all there are.
 * @throws SwitchyardError INVALID_CONFIG for one that is none of them
 */
export function servedQueues(
  registry: Pick<Registry, 'queues'>,
  { asked, callbacks }: { readonly asked: readonly string[] | undefined; readonly callbacks: unknown },
): readonly string[] {
  const known = [...registry.queues(), ...(callbacks ? [CALLBACKS_QUEUE] : [])];
  const unknown = asked?.filter((queue) => !known.includes(queue)) ?? [];
  if (unknown.length === 0) return asked ?? known;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `no workflow uses queue ${unknown.map((queue) => `"${queue}"`).join(', ')}; the queues are ${known.join(', ')}`,
  );
}
