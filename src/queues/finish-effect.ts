/**
 * Ending the job of an effect: recorded, the next stage appended and the job completed by one script (decision 63), and the next
 * effect begun where this worker is given its job (decision 64).
 */
import type { EffectIntent } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { FinishEffect } from '../orchestrators/move.js';
import type { ScriptRunner } from '../ports.js';
import { planStages } from './append-stages.js';
import { packJobs } from './bullmq-adds.js';
import { finishingScript } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';

const FINISH_EFFECT = finishingScript('finish-effect');

/** Of the arguments of `moveToFinished`. */
const TIMESTAMP = 1;

/** What the script adds to BullMQ's reply; `finish-effect.lua` has it too. */
const BEGUN = 'begun';

export function createFinishEffect(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): FinishEffect {
  return async ({ run, stage, done, next }, fence, command) => {
    const planned = next && (await planStages(jobs, next.definition, next.facts, next.stages, next.phase));
    // What cannot be planned the root finds out again, and ends the run by it.
    const plan = planned?.kind === 'planned' ? planned : undefined;
    const packed = packJobs(plan?.toAdd ?? []);
    const begin = plan && next?.begin;
    // The time that BullMQ stamps the next job's start with.
    const intent: EffectIntent | undefined = begin && { ...begin.intent, at: Number(command.args[TIMESTAMP]) };
    const reply = await scripts.run(
      FINISH_EFFECT,
      [fence.lockKey, keys.root(run), keys.log(run), keys.settled, ...command.keys, ...packed.keys],
      [
        ...[fence.token, run, plan?.phase ?? '', keys.indexBase, plan?.way ?? 'any'],
        ...[`done/${stage}`, done],
        ...(intent ? [`intent/${begin?.stage}`, JSON.stringify(intent)] : ['', '']),
        ...command.args,
        ...packed.args,
      ],
    );
    const isMarked = Array.isArray(reply) && reply.at(-1) === BEGUN;
    return { reply: isMarked ? reply.slice(0, -1) : reply, hasBegun: isMarked };
  };
}
