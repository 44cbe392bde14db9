/** One tool of a server: its name, its schemas, what it promises about its effect, and the work it does. */
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import { ToolFailure } from './tool-failure.js';

interface ToolContext {
  /** Aborts when the client cancels the call or its connection ends. */
  readonly signal: AbortSignal;
}

interface ToolText {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
}

interface ToolSpec<Input extends z.ZodType<object>, Output extends z.ZodType<Record<string, unknown>>>
  extends ToolText {
  readonly input: Input;
  readonly output: Output;
  run(args: z.output<Input>, context: ToolContext): z.output<Output> | Promise<z.output<Output>>;
}

/** A call whose arguments have been accepted, and which has not begun. */
interface PreparedCall {
  readonly args: object;
  run(context: ToolContext): Promise<Record<string, unknown>>;
}

/** A tool whose argument types are known only to itself, so that tools of all shapes stand in one list. */
export interface Tool extends ToolText {
  readonly inputSchema: z.ZodType<object>;
  readonly outputSchema: z.ZodType<Record<string, unknown>>;
  /** Checks the arguments. Throws a {@link ToolFailure} INVALID_ARGUMENTS that names each problem with its path. */
  prepare(raw: unknown): PreparedCall;
}

export function defineTool<Input extends z.ZodType<object>, Output extends z.ZodType<Record<string, unknown>>>(
  spec: ToolSpec<Input, Output>,
): Tool {
  const { name, title, description, annotations, input, output } = spec;
  return {
    name,
    title,
    description,
    annotations,
    inputSchema: input,
    outputSchema: output,
    prepare(raw) {
      const problem = findUnstorable(raw, '');
      if (problem !== undefined) throw new ToolFailure('INVALID_ARGUMENTS', `${name}: ${problem}.`);
      const parsed = input.safeParse(raw);
      if (!parsed.success) {
        throw new ToolFailure('INVALID_ARGUMENTS', `${name} refuses its arguments: ${problemsOf(parsed.error)}.`);
      }
      return { args: parsed.data, run: async (context) => output.parse(await spec.run(parsed.data, context)) };
    },
  };
}

/** Each problem with the dotted path at which it is; the root is called "the arguments". */
function problemsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the arguments'}: ${message}`).join('; ');
}

/**
 * What no tool can store faithfully. A `__proto__` key silently disappears from a zod record; SQLite ends a text at its
 * first NUL, so that two keys that differ behind one would be taken for the same.
 */
function findUnstorable(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\0') ? `${path || 'the arguments'}: text must not contain a NUL character` : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__' || key.includes('\0')) return `${JSON.stringify(at)}: this is not a possible name`;
    const problem = findUnstorable(inner, at);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
