/**
 * Tasks of an MCP tool whose schemas are known, as `switchyard tools pull` writes them: a wrong argument does not compile, and
 * is refused before anything is sent.
 */
import type { z } from 'zod';
import { mcpTask, type Task, type TaskPolicy } from './task.js';

/** What a tool's server says of it. */
export interface ToolShape<In extends z.ZodObject, Out extends z.ZodType> {
  readonly input: In;
  readonly output: Out;
  /**
   * The server says that the tool only reads (`readOnlyHint`): its tasks are idempotent. What it says of repeating an effect
   * (`idempotentHint`) is not taken for a declaration of yours.
   */
  readonly readOnly?: true;
}

/** The task's own settings; `key` names the argument that takes the idempotency key, which is then not yours to send. */
type MakerPolicy<Key extends string> = TaskPolicy & { readonly key?: Key };

export type ToolMaker<In extends z.ZodObject, Out extends z.ZodType> = <
  const Key extends Extract<keyof z.input<In>, string> = never,
>(
  policy?: MakerPolicy<Key>,
) => Task<Without<z.input<In>, Key>, z.output<Out>>;

/** As `Omit`, which of an object that takes more than its known members would forget those. */
type Without<T, Key extends string> = { [Member in keyof T as Member extends Key ? never : Member]: T[Member] };

/** `mcpTool('commerce.charge_payment', { input, output })({ key: 'idempotencyKey' })` is a task. */
export function mcpTool<In extends z.ZodObject, Out extends z.ZodType>(
  capability: string,
  { input, output, readOnly }: ToolShape<In, Out>,
): ToolMaker<In, Out> {
  return ({ key, ...policy } = {}) => {
    // `omit` wants the name as a literal, which a name that is given at run time cannot be.
    const named = key !== undefined && Object.hasOwn(input.shape, key);
    const sent: z.ZodObject = named ? input.omit({ [key]: true } as never) : input;
    const task = mcpTask(capability, {
      ...(readOnly && key === undefined && { idempotent: true }),
      ...policy,
      ...(key !== undefined && { key }),
      input: sent,
      output,
    });
    // The schema without the key's argument, and the type without it: the compiler cannot follow `omit` by a variable name.
    return task as Task<Without<z.input<In>, NonNullable<typeof key>>, z.output<Out>>;
  };
}
