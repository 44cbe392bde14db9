/** Appending work to a run's root, from inside one of its jobs: fenced, and each stage at most once in the run's life. */
import { APPEND_PAGE } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Facts } from '../facts.js';
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Appended, AppendStages, Phase, Stage } from '../orchestrators/move.js';
import { phaseOfWaits, stageTimers } from '../orchestrators/waits.js';
import type { Fence, ScriptRunner } from '../ports.js';
import { type AppendableJob, packJobs } from './bullmq-adds.js';
import { appendingScript } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';

const APPEND_STAGES = appendingScript('append-stages');

/** What is to be appended, made whole before any of it is: a run that cannot be planned ends with nothing running. */
export interface Plan {
  readonly kind: 'planned';
  readonly toAdd: readonly AppendableJob[];
  readonly phase: Phase | undefined;
  readonly way: 'forward' | 'any';
}

/** The jobs of these stages and of their clocks. */
export async function planStages(
  jobs: RunJobs,
  definition: WorkflowDefinition,
  facts: Facts,
  stages: readonly Stage[],
  phase: Phase | undefined,
): Promise<Plan | Extract<Appended, { kind: 'unplannable' }>> {
  try {
    const timers = stageTimers(definition, facts.record, stages);
    const toAdd = await Promise.all([
      ...stages.map((stage) => jobs.stage(definition, facts, stage)),
      ...timers.map((timer) => jobs.timer(definition, facts.record, timer)),
    ]);
    const forward = stages.every(({ kind }) => kind !== 'undo' && kind !== 'attention');
    return {
      kind: 'planned',
      toAdd,
      phase: phase ?? phaseOfWaits(definition, stages),
      way: forward ? 'forward' : 'any',
    };
  } catch (thrown) {
    return { kind: 'unplannable', error: toSwitchyardError(thrown) };
  }
}

export function createAppendStages(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): AppendStages {
  async function appendPage(run: string, fence: Fence, { toAdd, phase, way }: Plan): Promise<Appended> {
    const packed = packJobs(toAdd);
    const reply = await scripts.run(
      APPEND_STAGES,
      [fence.lockKey, keys.root(run), keys.log(run), keys.settled, ...packed.keys],
      [fence.token, run, phase ?? '', keys.indexBase, way, ...packed.args],
    );
    const [kind, detail]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (kind === 'appended') return { kind, added: Number(detail) };
    if (kind === 'fenced-off' || kind === 'stopped' || kind === 'ended') return { kind };
    throw new SwitchyardError(
      'ILLEGAL_STATE',
      `run ${run} cannot go on: a job named ${String(detail)} exists that is none of its own. Remove that job, then the run continues`,
    );
  }

  return async (definition, facts, fence, stages, phase) => {
    const plan = await planStages(jobs, definition, facts, stages, phase);
    if (plan.kind === 'unplannable') return plan;
    let added = 0;
    for (let from = 0; from < plan.toAdd.length; from += APPEND_PAGE) {
      const page = { ...plan, toAdd: plan.toAdd.slice(from, from + APPEND_PAGE) };
      const appended = await appendPage(facts.record.id, fence, page);
      if (appended.kind !== 'appended') return appended;
      added += appended.added;
    }
    return { kind: 'appended', added };
  };
}
