/** The keys that one attempt gives to its tool calls. */
import { SwitchyardError } from '../errors.js';
import { effectKey } from '../names.js';
import { assertName, type Task, type ToolOptions } from '../task.js';

/** The call that has no name. It is what a saga's step and its undo call their effect, so it never changes. */
const UNNAMED = 1;

/**
 * Gives each keyed call its key, once, and undefined to a call without one. A key must be the same on every attempt, and
 * the order of calls is not: two that run side by side may change places, and each would be answered with the other's
 * effect.
 * @throws SwitchyardError INVALID_DEFINITION for a second call without a name, a name given twice, a name without a key
 */
export function createCallKeys({
  run,
  stage,
  task,
}: {
  readonly run: string;
  readonly stage: string;
  readonly task: Task;
}): (options: Pick<ToolOptions, 'key' | 'call'>) => string | undefined {
  const given = new Set<string | number>();
  const refused = (why: string) => new SwitchyardError('INVALID_DEFINITION', `task "${task.name}": ${why}`);
  return ({ key, call }) => {
    if (key === undefined) {
      if (call === undefined) return undefined;
      throw refused(`a tool call is named "${call}" and takes no key: give it \`key\`, or leave \`call\` out`);
    }
    if (call !== undefined) assertName(`task "${task.name}": call`, call);
    const name = call ?? UNNAMED;
    if (given.has(name)) {
      throw refused(
        call === undefined
          ? "a second tool call takes a key without a name. Name all but one of the task's keyed calls, each the same on every attempt: { key: …, call: 'anna' }"
          : `two tool calls are named "${call}": give each keyed call of an attempt a name of its own`,
      );
    }
    given.add(name);
    return effectKey(run, stage, name);
  };
}
