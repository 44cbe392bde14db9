/**
 * Several calls of one branch at once, each failing alone.
 *
 * A failed call stands under its own key as `{ error }`, where a reader of the result looks for its answer; it is never
 * counted as an answer. Only when no call succeeded is there nothing to keep, and the branch fails.
 */
import { z } from 'zod';
import { type ErrorCode, SwitchyardError, toSwitchyardError } from '../errors.js';
import type { TaskContext } from '../task.js';

export const callFailureSchema = z.strictObject({ error: z.object({ code: z.string(), message: z.string() }) });

export type CallFailure = z.output<typeof callFailureSchema>;

export function isCallFailure(value: unknown): value is CallFailure {
  return callFailureSchema.safeParse(value).success;
}

/**
 * One entry per key, in the order of the keys; no keys, no entries.
 * @throws SwitchyardError when every call failed, or when the attempt was aborted: what the calls then say is not theirs.
 */
export async function callEach<Answer>(
  keys: readonly string[],
  call: (key: string) => Promise<Answer>,
  context: TaskContext,
): Promise<Record<string, Answer | CallFailure>> {
  const settled = await Promise.allSettled(keys.map(call));
  const failures = settled.flatMap((result) =>
    result.status === 'rejected' ? [toSwitchyardError(result.reason, { step: context.stage })] : [],
  );
  const [first] = failures;
  if (first && context.signal.aborted) throw first;
  if (first && failures.length === keys.length) throw allFailed(keys, failures, first);
  return Object.fromEntries(
    settled.map((result, index) => [
      keys[index],
      result.status === 'fulfilled' ? result.value : failureOf(toSwitchyardError(result.reason)),
    ]),
  );
}

function failureOf({ code, message }: SwitchyardError): CallFailure {
  return { error: { code, message } };
}

function allFailed(keys: readonly string[], failures: readonly SwitchyardError[], first: SwitchyardError) {
  const code: ErrorCode = failures.every((failure) => failure.code === first.code) ? first.code : 'TOOL_FAILED';
  const lines = failures.map((failure, index) => `${keys[index]}: ${failure.code} ${failure.message}`);
  return new SwitchyardError(code, `every call failed (${failures.length}): ${lines.join('; ')}`, {
    // Waiting a second time for a tool that hangs would double the run's length, which is its slowest call's timeout.
    retryable: failures.every((failure) => failure.retryable && failure.code !== 'TOOL_TIMEOUT'),
    ...(first.step !== undefined && { step: first.step }),
    cause: first,
  });
}
