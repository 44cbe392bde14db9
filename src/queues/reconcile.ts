/**
 * Finds runs that nothing would ever wake, and wakes them. A run's log outlives its jobs; where the root job is gone while
 * the log says that the run has not ended, the root is added again and decides from the facts: recorded effects stand,
 * and children whose jobs are still kept, at work or ended, are its own again; a branch whose job went too runs again. A root that sleeps for a child which has ended, or is gone, is told.
 * A clock whose job is gone is wound again, and a job that is to tell of an end is made again.
 */
import type { CallbackRules, DeliveryRecord } from '../callbacks.js';
import type { Retention } from '../config.js';
import { OPERATOR_STATUSES } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { StopRun } from '../orchestrators/move.js';
import type { Clock, ListedRun, Logger, RunLog, Script, ScriptRunner } from '../ports.js';
import { packJobs } from './bullmq-adds.js';
import { addingScript, lookingScript, ownScript, wakingScript } from './bullmq-scripts.js';
import { finishStops } from './finish-stops.js';
import { isAwaited } from './is-awaited.js';
import { releaseHeld } from './pauses.js';
import { rewindClocks } from './rewind-clocks.js';
import type { RunJobs } from './run-jobs.js';
import type { Schedules } from './schedules.js';
import { sweepEnded } from './sweep-ended.js';
import { tellAgain } from './tell-again.js';

const TAKE_TURN = ownScript('take-turn');
const MISSING_ROOTS = lookingScript('missing-roots');
const RESTORE_ROOT = addingScript('restore-root');
const STRANDED_CHILDREN = wakingScript('stranded-children');

/** Open runs looked at in one script: about a millisecond of Redis. */
const PAGE = 500;

/** The same where the children of each are looked at too, up to so many. */
const CHILDREN_PAGE = 100;
const CHILDREN_LOOK = 10;

export interface ReconcileDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly jobs: RunJobs;
  readonly log: RunLog;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  /** The newest version of a workflow. */
  readonly latest: (workflow: string) => WorkflowDefinition | undefined;
  readonly stop: StopRun;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly retention: Retention;
  /** Names of the workflows whose ended runs are dropped in time. */
  readonly workflows: readonly string[];
  readonly schedules: Pick<Schedules, 'mend'>;
  /** Where they are configured, the jobs that tell of ends are looked after too. */
  readonly callbacks?: CallbackRules | undefined;
  readonly deliveries: Pick<DeliveryRecord, 'news'>;
}

/** Where runs that have not ended stand in the index. */
const UNENDED: readonly ListedRun['status'][] = ['open', 'compensating', ...OPERATOR_STATUSES];

/**
 * Looks through all runs that have not ended, page by page, unless another process has done so within the last `everyMs`;
 * resolves to the ids of those that it gave their root back, or news of their children.
 */
export async function reconcile(deps: ReconcileDependencies, everyMs: number): Promise<readonly string[]> {
  const turn = await deps.scripts.run(TAKE_TURN, [deps.keys.reconciler], [everyMs]);
  if (!Array.isArray(turn) || turn[0] !== 'taken') return [];
  const restored: string[] = [];
  for (const status of UNENDED) {
    const [log, root, index] = [deps.keys.log(''), deps.keys.root(''), deps.keys.index('*', status)];
    const prefix = deps.keys.prefix;
    for await (const run of pages(deps, MISSING_ROOTS, index, [PAGE, log, root])) {
      if (await restore(deps, run)) restored.push(run);
    }
    for await (const run of pages(deps, STRANDED_CHILDREN, index, [CHILDREN_PAGE, root, CHILDREN_LOOK, prefix])) {
      restored.push(run);
      deps.logger.warn({ run }, MENDED);
    }
  }
  await finishStops(deps, deps.workflows, (script, index, args) => pages(deps, script, index, args));
  await sweepEnded(deps, deps.workflows);
  // Of a resumption that broke off.
  for (const workflow of deps.workflows) await releaseHeld(deps, workflow);
  restored.push(...(await rewindClocks(deps, UNENDED)));
  if (deps.callbacks) await tellAgain({ ...deps, callbacks: deps.callbacks });
  await deps.schedules.mend();
  return restored;
}

const MENDED =
  'a child of this run had ended, or was gone, and its root was never told; it is now. Look for workers of BullMQ before 5.7.5 on its queue, and for a queue of fromQueue() that BullMQ 5 resumed after a pause';

/** The runs that the script found, page by page. */
async function* pages(
  { scripts }: ReconcileDependencies,
  script: Script,
  index: string,
  args: readonly (string | number)[],
): AsyncGenerator<string> {
  let from = 0;
  do {
    const reply = await scripts.run(script, [index], [from, ...args]);
    const [next, ...found]: readonly unknown[] = Array.isArray(reply) ? reply : [0];
    yield* found.map(String);
    from = Number(next);
  } while (from > 0);
}

async function restore(
  { scripts, keys, jobs, log, definition, logger }: ReconcileDependencies,
  run: string,
): Promise<boolean> {
  const facts = await log.read(run);
  // A workflow that this worker does not have is another worker's to wake.
  const known = facts && definition(facts.record.workflow, facts.record.version);
  if (!facts || !known) return false;
  const linked = await isAwaited(log, facts.record);
  const packed = packJobs([await jobs.root(known, facts.record, { children: false, delayMs: 0, linked })]);
  const reply = await scripts.run(RESTORE_ROOT, [keys.log(run), keys.root(run), ...packed.keys], packed.args);
  if (!Array.isArray(reply) || reply[0] !== 'restored') return false;
  logger.warn({ run }, 'the root job of this run was gone, or had ended without an outcome; it has been added again');
  return true;
}
