/** Appending work to a run's root, from inside one of its jobs: fenced, and each stage at most once in the run's life. */
import { APPEND_PAGE } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { RedisKeys } from '../names.js';
import type { Appended, AppendStages } from '../orchestrators/move.js';
import type { Fence, ScriptRunner } from '../ports.js';
import { type AppendableJob, composedScript, packJobs } from './bullmq-adds.js';
import type { RunJobs } from './run-jobs.js';

const APPEND_STAGES = composedScript('append-stages');

export function createAppendStages(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): AppendStages {
  async function appendPage(run: string, fence: Fence, toAdd: readonly AppendableJob[]): Promise<Appended> {
    const packed = packJobs(toAdd);
    const reply = await scripts.run(
      APPEND_STAGES,
      [fence.lockKey, keys.root(run), ...packed.keys],
      [fence.token, ...packed.args],
    );
    const [kind, detail]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (kind === 'appended') return { kind, added: Number(detail) };
    if (kind === 'fenced-off') return { kind };
    throw new SwitchyardError(
      'ILLEGAL_STATE',
      `run ${run} cannot go on: a job named ${String(detail)} exists that is none of its own. Remove that job, then the run continues`,
    );
  }

  return async (definition, facts, fence, stages) => {
    let toAdd: readonly AppendableJob[];
    try {
      // All of them before the first is appended: a run that cannot be planned ends with nothing running.
      toAdd = await Promise.all(stages.map((stage) => jobs.stage(definition, facts, stage)));
    } catch (thrown) {
      return { kind: 'unplannable', error: toSwitchyardError(thrown) };
    }
    let added = 0;
    for (let from = 0; from < toAdd.length; from += APPEND_PAGE) {
      const appended = await appendPage(facts.record.id, fence, toAdd.slice(from, from + APPEND_PAGE));
      if (appended.kind !== 'appended') return appended;
      added += appended.added;
    }
    return { kind: 'appended', added };
  };
}
