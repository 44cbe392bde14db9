/** What is told of a call of a tool, and the place in the trace that the tool's server is sent with it. */
import { toSwitchyardError } from '../errors.js';
import type { ToolCallOptions } from '../ports.js';
import type { ToolCallSeen } from '../telemetry.js';
import type { ProcessorDependencies } from './job.js';

const NOWHERE = { server: 'unknown', tool: 'unknown' } as const;

export async function observedCall<T>(
  { tools, telemetry }: Pick<ProcessorDependencies, 'tools' | 'telemetry'>,
  call: Pick<ToolCallSeen, 'run' | 'stage' | 'capability' | 'trace'>,
  options: ToolCallOptions,
  send: (options: ToolCallOptions) => Promise<T>,
): Promise<T> {
  const watched = telemetry.toolCall({ ...call, ...(tools.placeOf?.(call.capability) ?? NOWHERE) });
  const traced = watched.trace ? { ...options, meta: { ...options.meta, ...watched.trace } } : options;
  try {
    const answer = await watched.within(() => send(traced));
    watched.end({});
    return answer;
  } catch (thrown) {
    watched.end({ error: toSwitchyardError(thrown).toJSON() });
    throw thrown;
  }
}
