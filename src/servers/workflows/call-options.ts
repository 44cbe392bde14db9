/**
 * How a run's own options are passed beside its input: one argument, `_run`.
 *
 * A workflow's input is the project's, down to every name in it, so ours must not stand among them. MCP's `_meta` would be
 * out of the way, and out of reach: no agent can set it. So one name is taken, with an underscore in front, and everything
 * that may ever be said of a run goes under it. Where even that cannot be added (the input is no object, or has a `_run` of
 * its own) the whole input moves under `input`.
 *
 * The id of the MCP request is no key: it begins at 0 again with each connection, and another request would be taken for
 * this one.
 */
import { z } from 'zod';
import { MAX_KEY_LENGTH } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import type { WorkflowDefinition } from '../../orchestrators/definition.js';
import { describeIssues, issuesOf } from '../../schema.js';
import type { Tags } from '../../tags.js';

export const RUN_OPTIONS = '_run';

export const waitSeconds = (most: number) => z.number().min(0).max(most);

export interface CallOptions {
  readonly key?: string | undefined;
  readonly waitSeconds?: number | undefined;
  readonly cancelWithCall?: boolean | undefined;
  readonly tags?: Tags | undefined;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

function optionsSchema(mostSeconds: number) {
  return z
    .strictObject({
      key: z
        .string()
        .min(1)
        .max(MAX_KEY_LENGTH)
        .optional()
        .describe(
          'Idempotency key: calling again with the same key is the same run, and attaches to it. Give one whenever a second run would do harm, such as the number of the order.',
        ),
      waitSeconds: waitSeconds(mostSeconds)
        .optional()
        .describe('How long this call waits for the end of the run; 0 only starts it. The run goes on either way.'),
      cancelWithCall: z
        .boolean()
        .optional()
        .describe('Cancel the run when this call is cancelled. Without it a cancelled call only stops waiting.'),
      tags: z
        .record(z.string(), z.string())
        .optional()
        .describe('Words by which run_list finds it again, such as {"customer":"42"}. Kept in plain text: no secrets.'),
    })
    .describe('How to run it; none of it is part of the input.');
}

export interface ToolArguments {
  /** Of the tool, as it is listed. */
  readonly schema: JsonSchema;
  /** @throws SwitchyardError INVALID_INPUT for options that are none; the input is checked when the run is started */
  take(args: Readonly<Record<string, unknown>>): { readonly input: unknown; readonly options: CallOptions };
}

/** @throws SwitchyardError INVALID_CONFIG when the input's schema cannot be told as JSON Schema */
export function argumentsOf(definition: WorkflowDefinition, mostSeconds: number): ToolArguments {
  const own = jsonSchemaOf(definition);
  const options = optionsSchema(mostSeconds);
  const { $schema: _, ...listed } = z.toJSONSchema(options, { io: 'input' });
  const flat = isPlainObject(own) && !Object.hasOwn(propertiesOf(own), RUN_OPTIONS);
  const { $schema, $defs, ...inner } = own;
  return {
    schema: flat
      ? { ...own, properties: { ...propertiesOf(own), [RUN_OPTIONS]: listed } }
      : {
          ...($schema !== undefined && { $schema }),
          type: 'object',
          properties: { input: inner, [RUN_OPTIONS]: listed },
          required: ['input'],
          additionalProperties: false,
          ...($defs !== undefined && { $defs }),
        },
    take(args) {
      const { [RUN_OPTIONS]: given, ...rest } = args;
      if (flat) return { input: rest, options: parseOptions(definition.name, options, given) };
      const { input, ...more } = rest;
      const stray = Object.keys(more);
      if (stray.length > 0) {
        throw new SwitchyardError(
          'INVALID_INPUT',
          `tool "${definition.name}" takes its input under "input", and knows no argument ${stray.map((name) => `"${name}"`).join(', ')}`,
        );
      }
      return { input, options: parseOptions(definition.name, options, given) };
    },
  };
}

function parseOptions(tool: string, schema: z.ZodType<CallOptions>, given: unknown): CallOptions {
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error).map(({ path, message }) => ({
    path: path === '' ? RUN_OPTIONS : `${RUN_OPTIONS}.${path}`,
    message,
  }));
  throw new SwitchyardError('INVALID_INPUT', `tool "${tool}": ${describeIssues(issues)}`, { issues });
}

/** JSON Schema 2020-12: what MCP assumes, and what the makers of models check a tool by. */
function jsonSchemaOf({ name, input }: WorkflowDefinition): JsonSchema {
  try {
    // What JSON Schema has no word for (a refinement, a Date) is left open: the run's own check says it exactly.
    return z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `workflow "${name}" cannot be listed as a tool, since its input cannot be told as JSON Schema: ${why}. Keep it from agents with agentTools: { "${name}": false }, or change its schema`,
      { cause },
    );
  }
}

function isPlainObject({ type, properties, $ref, anyOf, oneOf, allOf }: JsonSchema): boolean {
  return type === 'object' && properties !== undefined && !$ref && !anyOf && !oneOf && !allOf;
}

function propertiesOf({ properties }: JsonSchema): JsonSchema {
  return typeof properties === 'object' && properties !== null ? { ...properties } : {};
}
