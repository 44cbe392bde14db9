/** Runs that stand for stages of others: started from inside a worker, under a key of the stage's. */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { ParentStage, RunRecord } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Script } from '../ports.js';
import type { NestedWorkflow } from '../task.js';
import { type AcceptDependencies, acceptRun } from './accept-run.js';
import type { RunControl } from './run-control.js';

/** KEYS[1] log of the run, ARGV[1] field, ARGV[2] attempts that its stage has had: for the run that stands for it by now. */
const NESTED_AGAIN: Script = {
  name: 'nested-again',
  lua: `local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known then return end
local nested = cjson.decode(known)
nested.after = tonumber(ARGV[2])
return redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(nested))`,
};

export interface NestedRunsDependencies extends AcceptDependencies {
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  readonly control: Pick<RunControl, 'reopen'>;
}

export function createNestedRuns(deps: NestedRunsDependencies) {
  const { scripts, keys } = deps;

  async function start(
    { name, version }: NestedWorkflow,
    input: unknown,
    parent: ParentStage,
    { priority, tags }: RunRecord,
    after: number,
  ): Promise<void> {
    const definition = deps.definition(name, version);
    if (!definition) throw new SwitchyardError('UNKNOWN_WORKFLOW', `there is no workflow "${name}" version ${version}`);
    // A stage that is retried from the start, with nothing of its run to keep, is another run.
    const key = `${parent.run}/${parent.stage}${after > 0 ? `/${after}` : ''}`;
    await acceptRun(deps, definition, input, { key, priority, parent, after, ...(tags && { tags }) });
  }

  return {
    start,

    async retry(
      nested: string,
      workflow: NestedWorkflow,
      parent: ParentStage,
      of: RunRecord,
      input: () => unknown,
      after: number,
    ): Promise<void> {
      if (await reopened(nested, parent)) {
        await scripts.run(NESTED_AGAIN, [keys.log(parent.run)], [`nested/${parent.stage}`, after]);
      } else await start(workflow, input(), parent, of, after);
    },
  };

  /** False when nothing of the run may be kept. */
  async function reopened(nested: string, parent: ParentStage): Promise<boolean> {
    try {
      return await deps.control.reopen(nested, { reason: `run ${parent.run} was retried` });
    } catch (thrown) {
      // Somebody has begun it anew in this moment: it is at work either way.
      if (toSwitchyardError(thrown).code === 'ILLEGAL_STATE') return true;
      throw thrown;
    }
  }
}
