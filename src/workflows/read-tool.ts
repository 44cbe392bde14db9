/** Calls of tools that only read, typed by their capability's contract. */
import type { z } from 'zod';
import type { Duration } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { TaskContext } from '../task.js';
import { type Answer, type ReadCapability, shippedContracts } from './capabilities.js';

/** The same contracts by name, in the form in which TypeScript follows a name to its answer's type. */
const contracts: { readonly [Name in ReadCapability]: { readonly output: z.ZodType<Answer<Name>> } } = shippedContracts;

/**
 * A reading tool's answer.
 * @throws SwitchyardError the caller's own, or ANSWER_MISMATCH for an answer that no workflow could use
 */
export async function readTool<Name extends ReadCapability>(
  context: TaskContext,
  capability: Name,
  args: Readonly<Record<string, unknown>>,
  timeout: Duration,
): Promise<Answer<Name>> {
  const answer = await context.tool(capability, args, { timeout, idempotent: true });
  return checked<Answer<Name>>(capability, contracts[capability].output, answer);
}

/** The port promises checked answers only where a contract was given to it; a program may run without. */
function checked<Shape>(capability: string, schema: z.ZodType<Shape>, answer: unknown): Shape {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new SwitchyardError(
    'ANSWER_MISMATCH',
    `${capability} answered in another shape than its contract: ${describeIssues(issues)}. Correct the binding, or the server behind it`,
    { issues },
  );
}
