/**
 * Failures that must not read as "nothing has happened". A run was accepted, or may have been: an agent that does what
 * `retryable` says orders twice. So the error says what the run is found by, and whether the same call may be made again.
 */
import { randomUUID } from 'node:crypto';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { Switchyard } from '../../engine/engine.js';
import type { SwitchyardError } from '../../errors.js';
import { isOutage, type Run } from '../../queues/run-handle.js';
import type { StartOptions } from '../../queues/unstarted-run.js';
import { RUN_META } from './run-answer.js';

/** By its id, where it was accepted; by the key of the call, where nobody knows whether it was. */
type FoundBy = { readonly run: string } | { readonly key: string };

export class NotToRepeat extends Error {
  override readonly name = 'NotToRepeat';

  constructor(
    readonly foundBy: FoundBy,
    readonly advice: string,
    override readonly cause: unknown,
    /** Whether the very same call may be made again. */
    readonly retryable = false,
  ) {
    super(advice, { cause });
  }
}

/** @throws SwitchyardError as `start`; NotToRepeat where Redis did not say whether the run was accepted */
export async function startFindably(
  sy: Switchyard,
  workflow: string,
  input: unknown,
  options: StartOptions,
): Promise<Run> {
  // What fails here has sent no run.
  await sy.ready();
  const { key = randomUUID() } = options;
  try {
    return await sy.start(workflow, input, { ...options, key });
  } catch (thrown) {
    if (!isOutage(thrown)) throw thrown;
    const advice = `Nobody knows whether the run was accepted. Call again with the same arguments and \`_run.key\` "${key}": with it there is only one run, either way`;
    throw new NotToRepeat({ key }, advice, thrown, options.key !== undefined);
  }
}

/** @throws NotToRepeat for whatever the look at the run throws: what was asked is done */
export async function afterwards<T>(run: string, done: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (thrown) {
    throw new NotToRepeat({ run }, `Run ${run} ${done}: do not ask for that again, ask run_wait with its id`, thrown);
  }
}

/** In the shape of every failure, and one more member, `run` or `key`. */
export function notToRepeatAnswer({ foundBy, advice, retryable }: NotToRepeat, why: SwitchyardError): CallToolResult {
  const error = { code: why.code, message: `${advice}. ${why.message}`, retryable, ...foundBy };
  return {
    isError: true,
    content: [{ type: 'text', text: JSON.stringify({ error }) }],
    ...('run' in foundBy && { _meta: { [RUN_META]: foundBy.run } }),
  };
}
