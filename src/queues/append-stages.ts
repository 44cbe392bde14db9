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
import { addingScript } from './bullmq-scripts.js';
import type { RunJobs } from './run-jobs.js';

const APPEND_STAGES = addingScript('append-stages');

interface Page {
  readonly run: string;
  readonly fence: Fence;
  readonly toAdd: readonly AppendableJob[];
  readonly phase: Phase | undefined;
  readonly forward: boolean;
}

export function createAppendStages(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): AppendStages {
  async function appendPage({ run, fence, toAdd, phase, forward }: Page): Promise<Appended> {
    const packed = packJobs(toAdd);
    const reply = await scripts.run(
      APPEND_STAGES,
      [fence.lockKey, keys.root(run), keys.log(run), keys.settled, ...packed.keys],
      [fence.token, run, phase ?? '', keys.indexBase, forward ? 'forward' : 'any', ...packed.args],
    );
    const [kind, detail]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (kind === 'appended') return { kind, added: Number(detail) };
    if (kind === 'fenced-off' || kind === 'stopped' || kind === 'ended') return { kind };
    throw new SwitchyardError(
      'ILLEGAL_STATE',
      `run ${run} cannot go on: a job named ${String(detail)} exists that is none of its own. Remove that job, then the run continues`,
    );
  }

  /** All of them before the first is appended: a run that cannot be planned ends with nothing running. */
  async function jobsOf(definition: WorkflowDefinition, facts: Facts, stages: readonly Stage[]) {
    const timers = stageTimers(definition, facts.record, stages);
    return await Promise.all([
      ...stages.map((stage) => jobs.stage(definition, facts, stage)),
      ...timers.map((timer) => jobs.timer(definition, facts.record, timer)),
    ]);
  }

  return async (definition, facts, fence, stages, phase) => {
    let toAdd: readonly AppendableJob[];
    try {
      toAdd = await jobsOf(definition, facts, stages);
    } catch (thrown) {
      return { kind: 'unplannable', error: toSwitchyardError(thrown) };
    }
    const run = facts.record.id;
    const entered = phase ?? phaseOfWaits(definition, stages);
    const forward = stages.every(({ kind }) => kind !== 'undo' && kind !== 'attention');
    let added = 0;
    for (let from = 0; from < toAdd.length; from += APPEND_PAGE) {
      const page = toAdd.slice(from, from + APPEND_PAGE);
      const appended = await appendPage({ run, fence, toAdd: page, phase: entered, forward });
      if (appended.kind !== 'appended') return appended;
      added += appended.added;
    }
    return { kind: 'appended', added };
  };
}
