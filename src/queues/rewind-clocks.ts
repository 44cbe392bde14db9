/**
 * Winds clocks again whose jobs somebody removed, or ended, by hand: a deadline would never stop its run, a question never
 * have its answer, its end would be told to nobody. When each is due stands in the run's log; one that was due meanwhile rings at once. A clock that has
 * rung is not in the log any more, so none rings for it twice.
 */
import type { CallbackRules } from '../callbacks.js';
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { knownTimers } from '../orchestrators/waits.js';
import type { ListedRun, Logger, RunLog, ScriptRunner } from '../ports.js';
import { packJobs } from './bullmq-adds.js';
import { addingScript, lookingScript } from './bullmq-scripts.js';
import { atEndAgain, type RunJobs } from './run-jobs.js';

const MISSING_CLOCKS = lookingScript('missing-clocks');
const REWIND_CLOCKS = addingScript('rewind-clocks');

/** Open runs looked at in one script: about a millisecond of Redis. */
const PAGE = 500;

export interface RewindDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly jobs: RunJobs;
  readonly log: RunLog;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  readonly logger: Logger;
  readonly callbacks?: CallbackRules | undefined;
}

/** Of all runs of these states; resolves to the ids of those that it gave a clock back. */
export async function rewindClocks(
  deps: RewindDependencies,
  statuses: readonly ListedRun['status'][],
): Promise<readonly string[]> {
  const { scripts, keys } = deps;
  const mended: string[] = [];
  for (const status of statuses) {
    let from = 0;
    do {
      const reply = await scripts.run(
        MISSING_CLOCKS,
        [keys.index('*', status)],
        [...[from, PAGE, keys.log('')], deps.callbacks ? 1 : 0],
      );
      const [next, ...runs]: readonly unknown[] = Array.isArray(reply) ? reply : [0];
      for (const run of runs.map(String)) if (await rewind(deps, run)) mended.push(run);
      from = Number(next);
    } while (from > 0);
  }
  return mended;
}

async function rewind({ scripts, keys, jobs, log, definition, logger, callbacks }: RewindDependencies, run: string) {
  const record = (await log.read(run))?.record;
  // A workflow that this worker does not have is another worker's to mend.
  const known = record && definition(record.workflow, record.version);
  if (!record || !known) return false;
  const timers = knownTimers(record);
  const told = atEndAgain(jobs, known, record, callbacks);
  const packed = packJobs(await Promise.all([...timers.map((timer) => jobs.timer(known, record, timer)), ...told]));
  const wound = Number(await scripts.run(REWIND_CLOCKS, [keys.log(run), ...packed.keys], packed.args));
  if (wound === 0) return false;
  logger.warn(
    { run, clocks: wound },
    'jobs that are clocks of this run, or tell of its end, were gone; they have been added again',
  );
  return true;
}
