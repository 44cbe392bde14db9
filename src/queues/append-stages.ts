/** Appending work to a run's root, from inside one of its jobs: fenced, and each stage at most once in the run's life. */
import { APPEND_PAGE } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { RedisKeys } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Stage } from '../orchestrators/move.js';
import type { Facts, Fence, Fenced, ScriptRunner } from '../ports.js';
import { composedScript } from './bullmq-adds.js';
import type { AppendableJob, RunJobs } from './run-jobs.js';

const APPEND_STAGES = composedScript('append-stages');

export type Appended =
  | { readonly kind: 'appended'; readonly added: number }
  /** The definition cannot make these jobs (its own function threw, or a job is too large); nothing was appended. */
  | { readonly kind: 'unplannable'; readonly error: SwitchyardError }
  | Fenced;

export type AppendStages = (
  definition: WorkflowDefinition,
  facts: Facts,
  fence: Fence,
  stages: readonly Stage[],
) => Promise<Appended>;

export function createAppendStages(scripts: ScriptRunner, keys: RedisKeys, jobs: RunJobs): AppendStages {
  async function appendPage(run: string, fence: Fence, toAdd: readonly AppendableJob[]): Promise<Appended> {
    const reply = await scripts.run(
      APPEND_STAGES,
      [fence.lockKey, keys.root(run), ...toAdd.flatMap((job) => job.keys)],
      [
        fence.token,
        JSON.stringify(
          toAdd.map(({ script, keys: k, args, job }) => ({ script, keys: k.length, args: args.length, job })),
        ),
        ...toAdd.flatMap((job) => job.args),
      ],
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
