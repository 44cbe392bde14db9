/**
 * Makes the jobs again that are to tell of runs' ends and whose jobs somebody removed by hand: thousands of delayed jobs
 * look like rubbish. What they tell is kept apart from them, so this needs neither the run nor its definition.
 */
import type { CallbackRules, DeliveryRecord } from '../callbacks.js';
import { callbackOfJobKey, type RedisKeys } from '../names.js';
import type { Logger, ScriptRunner } from '../ports.js';
import { packJobs } from './bullmq-adds.js';
import { addingScript, lookingScript } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';

const UNTOLD = lookingScript('untold');
const TELL_AGAIN = addingScript('tell-again');

/** Jobs looked at in one script: about a millisecond of Redis. */
const PAGE = 500;

export interface TellAgainDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly jobs: RunJobs;
  readonly callbacks: CallbackRules;
  readonly deliveries: Pick<DeliveryRecord, 'news'>;
  readonly logger: Logger;
}

export async function tellAgain(deps: TellAgainDependencies): Promise<void> {
  const { scripts, keys } = deps;
  let from = 0;
  do {
    const reply = await scripts.run(UNTOLD, [keys.untold], [from, PAGE]);
    const [next, ...gone]: readonly unknown[] = Array.isArray(reply) ? reply : [0];
    for (const job of gone.map(String)) await addAgain(deps, job);
    from = Number(next);
  } while (from > 0);
}

async function addAgain(deps: TellAgainDependencies, jobKey: string): Promise<void> {
  const { scripts, keys, jobs, callbacks, deliveries, logger } = deps;
  const end = callbackOfJobKey(jobKey);
  const news = end && (await deliveries.news(end.run, end.delivery));
  // Delivered or given up meanwhile.
  if (!news || news === 'delivered') return;
  const { workflow: name, version, priority, trace, url } = news;
  const { run: id, delivery } = end;
  const how = { url, attempts: callbacks.attempts, delivery, isDue: true };
  const packed = packJobs([await jobs.callback({ name, version }, { id, priority, ...(trace && { trace }) }, how)]);
  const added = Number(await scripts.run(TELL_AGAIN, [keys.untold, ...packed.keys], packed.args));
  if (added === 0) return;
  logger.warn({ run: id, delivery }, 'the job that tells of the end of this run was gone; it has been added again');
}
