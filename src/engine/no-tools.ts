/** The tools of a Switchyard that was given none. */
import { SwitchyardError } from '../errors.js';
import type { ToolCaller } from '../ports.js';

export const noTools: ToolCaller = {
  call: (capability) =>
    Promise.reject(
      new SwitchyardError(
        'UNKNOWN_SERVER',
        `a task called "${capability}", but no tools are configured: pass \`tools\` to switchyard()`,
      ),
    ),
  close: () => Promise.resolve(),
};
