/** Ending the job of an effect: recorded, the next stage appended and the job completed by one script (decision 63). */
import type { RedisKeys } from '../names.js';
import type { FinishEffect } from '../orchestrators/move.js';
import type { ScriptRunner } from '../ports.js';
import { planStages } from './append-stages.js';
import { packJobs } from './bullmq-adds.js';
import { finishingScript } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';

const FINISH_EFFECT = finishingScript('finish-effect');

export function createFinishEffect(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): FinishEffect {
  return async ({ run, stage, done, next }, fence, command) => {
    const planned = next && (await planStages(jobs, next.definition, next.facts, next.stages, next.phase));
    // What cannot be planned the root finds out again, and ends the run by it.
    const plan = planned?.kind === 'planned' ? planned : undefined;
    const packed = packJobs(plan?.toAdd ?? []);
    return await scripts.run(
      FINISH_EFFECT,
      [fence.lockKey, keys.root(run), keys.log(run), keys.settled, ...command.keys, ...packed.keys],
      [
        ...[fence.token, run, plan?.phase ?? '', keys.indexBase, plan?.way ?? 'any'],
        ...[`done/${stage}`, done],
        ...command.args,
        ...packed.args,
      ],
    );
  };
}
