/**
 * Stops that nobody has finished: the process that stopped a run died before it had taken the waiting children away or stopped the runs nested in it, or one
 * whose branch decided a fan-out died before it could say so. Without this, a question to a person would keep such a run
 * open for as long as nobody answers it.
 */
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Script, ScriptRunner } from '../ports.js';
import { ownScript } from './bullmq-scripts.js';
import { type DecidedFanOutDependencies, earlyPolicy, stopWhenDecided } from './decided-fan-out.js';

const STOPPING_RUNS = ownScript('stopping-runs');
const HALF_ENDED = ownScript('half-ended');

const MOST = 500;

export interface FinishStopsDependencies extends DecidedFanOutDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly latest: (workflow: string) => WorkflowDefinition | undefined;
}

/** The runs that a script finds in an index, page by page. */
type Pages = (script: Script, index: string, args: readonly (string | number)[]) => AsyncIterable<string>;

export async function finishStops(
  deps: FinishStopsDependencies,
  workflows: readonly string[],
  pages: Pages,
): Promise<void> {
  const { scripts, keys } = deps;
  const stopping = await scripts.run(STOPPING_RUNS, [keys.stopping], [MOST]);
  for (const run of Array.isArray(stopping) ? stopping.map(String) : []) {
    const record = (await deps.log.read(run))?.record;
    if (record?.stop) await deps.stop(run, record.stop);
  }
  for (const workflow of workflows) {
    const definition = deps.latest(workflow);
    if (!definition || earlyPolicy(definition) === undefined) continue;
    for (const status of ['open', 'waiting_approval']) {
      const where = [MOST, keys.root(''), keys.log('')];
      for await (const run of pages(HALF_ENDED, keys.index(workflow, status), where)) {
        await stopWhenDecided(deps, run, definition);
      }
    }
  }
}
