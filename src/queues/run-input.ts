/** A run's input: checked, as every worker will read it, and with the digest by which a key knows it again. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';
import { MAX_JOB_BYTES } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { jsonDifference } from '../json-difference.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { describeIssues, issuesOf } from '../schema.js';

export interface RunInput {
  /** After the schema and after JSON. */
  readonly value: unknown;
  readonly digest: string;
}

/**
 * @throws SwitchyardError INVALID_INPUT (every problem with its path), INVALID_DEFINITION when the schema makes what JSON
 *   would change, TOO_LARGE
 */
export function runInput(definition: WorkflowDefinition, sent: unknown): RunInput {
  const parsed = definition.input.safeParse(sent);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError(
      'INVALID_INPUT',
      `workflow "${definition.name}" refuses this input: ${describeIssues(issues)}`,
      { issues },
    );
  }
  const json = toJson(definition, parsed.data);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_JOB_BYTES) {
    throw new SwitchyardError(
      'TOO_LARGE',
      `the input of workflow "${definition.name}" is ${bytes} bytes of JSON; at most ${MAX_JOB_BYTES} are taken. Store the data elsewhere and send a reference to it`,
    );
  }
  const value: unknown = JSON.parse(json);
  return { value, digest: digestOf(sent, value) };
}

function toJson(definition: WorkflowDefinition, input: unknown): string {
  let json: string;
  let difference: ReturnType<typeof jsonDifference>;
  try {
    json = JSON.stringify(input) ?? 'null';
    difference = input === undefined ? undefined : jsonDifference(input);
  } catch (error) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `the input of workflow "${definition.name}" cannot be kept as JSON: ${toSwitchyardError(error).message}`,
      { cause: error },
    );
  }
  if (!difference) return json;
  throw new SwitchyardError(
    'INVALID_DEFINITION',
    `workflow "${definition.name}": its input, as its schema returns it, has ${difference.found} at "${difference.path}", which JSON changes on the way to the workers. Keep to JSON's own types in schemas, such as z.iso.datetime() for a time, and convert where the value is used`,
  );
}

/**
 * Of what was sent: a schema may fill in the time or a random id, and the same request would be another input. Where JSON
 * would change what was sent, of what the schema made of it: two different Maps are both `{}`.
 */
function digestOf(sent: unknown, value: unknown): string {
  const text = sent === undefined ? 'null' : canonicalJson(isJson(sent) ? sent : value);
  return createHash('sha256').update(text).digest('hex');
}

function isJson(sent: unknown): boolean {
  try {
    return jsonDifference(sent) === undefined;
  } catch {
    // Circular, or nested beyond the stack: no JSON either way.
    return false;
  }
}
