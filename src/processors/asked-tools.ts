/**
 * Whether an attempt has asked a tool for something that is not safe to repeat. If it has, a later call that its server
 * refuses must fail the attempt like every other failure: put off, the attempt would be made again for nothing, and the
 * first call with it, beyond what the task's `attempts` allow.
 */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { isPostponement } from '../orchestrators/postpone.js';

export type AskTool = <T>(safeToRepeat: boolean, call: () => Promise<T>) => Promise<T>;

export function createAskedTools(): AskTool {
  let unsafe = 0;
  return async (safeToRepeat, call) => {
    const weight = safeToRepeat ? 0 : 1;
    unsafe += weight;
    try {
      return await call();
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (!isPostponement(error)) throw thrown;
      unsafe -= weight;
      if (unsafe === 0) throw thrown;
      throw new SwitchyardError('TOOL_UNAVAILABLE', `${error.message} (after other calls of the same attempt)`, {
        ...error.toJSON(),
        cause: error,
      });
    }
  };
}
