import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { type Switchyard, type SwitchyardOptions, switchyard } from '../../src/engine/engine.js';
import type { Workers, WorkersOptions } from '../../src/engine/workers.js';
import type { Workflow } from '../../src/orchestrators/definition.js';
import { useRedis } from './redis.js';
import { silentLog } from './silent-log.js';

export interface TestEngine {
  readonly sy: Switchyard;
  readonly redis: Redis;
  readonly prefix: string;
  readonly url: string;
  /** Started workers; stopped at the end of the test. */
  work(options?: WorkersOptions): Promise<Workers>;
  /** Another Switchyard on the same keys, as another process would have it. */
  other(workflows: readonly Workflow[], options?: Partial<SwitchyardOptions>): Switchyard;
}

/** A Switchyard under a prefix of the test's own, without workers. Everything goes with the test. */
export function useEngine(workflows: readonly Workflow[], options: Partial<SwitchyardOptions> = {}): TestEngine {
  const { url, redis, prefix } = useRedis();
  const opened: Switchyard[] = [];
  const working: Workers[] = [];
  const open = (definitions: readonly Workflow[], more: Partial<SwitchyardOptions> = {}): Switchyard => {
    const sy = switchyard({ connection: url, prefix, logger: silentLog, workflows: definitions, ...options, ...more });
    opened.push(sy);
    return sy;
  };
  onTestFinished(async () => {
    await Promise.all(working.map((workers) => workers.stop()));
    await Promise.all(opened.map((sy) => sy.close()));
  });
  const sy = open(workflows);
  return {
    sy,
    redis,
    prefix,
    url,
    async work(workersOptions = {}) {
      const workers = sy.workers({ graceMs: 500, ...workersOptions });
      working.push(workers);
      await workers.start();
      return workers;
    },
    other: open,
  };
}

/** The same, with workers that have started. */
export async function useWorkingEngine(
  workflows: readonly Workflow[],
  options: Partial<SwitchyardOptions> = {},
  workersOptions: WorkersOptions = {},
): Promise<TestEngine> {
  const engine = useEngine(workflows, options);
  await engine.work(workersOptions);
  return engine;
}
