/** What a tool of this server is, whether it starts a workflow or asks about a run. */
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Switchyard } from '../../engine/engine.js';
import { SwitchyardError } from '../../errors.js';
import { describeIssues, issuesOf } from '../../schema.js';
import type { JsonSchema } from './call-options.js';
import type { Listener } from './follow-run.js';
import type { ServedRuns } from './served-runs.js';

export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly annotations: ToolAnnotations;
}

export interface CallContext {
  /** Aborted when the client cancels the call, or is gone. */
  readonly signal: AbortSignal;
  /** Whether the client is gone, rather than having cancelled. */
  readonly isClosed: () => boolean;
  /** Who calls, for what is kept with the run. */
  readonly by: string;
  readonly listener: Listener;
}

export interface ServedTool {
  readonly listed: ListedTool;
  /** Undefined when nobody waits for the answer any longer. @throws SwitchyardError */
  call(args: Readonly<Record<string, unknown>>, context: CallContext): Promise<CallToolResult | undefined>;
}

/** What all tools have in common. */
export interface ToolHost {
  readonly sy: Switchyard;
  readonly runs: ServedRuns;
  /** How long a call waits that does not say. */
  readonly waitMs: number;
  readonly mostWaitMs: number;
  /** Whether it also serves the words that stand for a person's decision. */
  readonly operator: boolean;
}

interface FixedTool<In extends z.ZodType<object>, Out extends z.ZodType<object>> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: In;
  readonly output: Out;
  call(args: z.output<In>, context: CallContext): Promise<CallToolResult | undefined>;
}

/** A tool with schemas of its own. */
export function servedTool<In extends z.ZodType<object>, Out extends z.ZodType<object>>(
  spec: FixedTool<In, Out>,
): ServedTool {
  const { name, title, description, annotations, input, output } = spec;
  return {
    listed: {
      name,
      title,
      description,
      inputSchema: z.toJSONSchema(input, { io: 'input' }),
      outputSchema: z.toJSONSchema(output, { io: 'output' }),
      annotations,
    },
    async call(args, context) {
      const parsed = input.safeParse(args);
      if (parsed.success) return await spec.call(parsed.data, context);
      const issues = issuesOf(parsed.error);
      throw new SwitchyardError('INVALID_INPUT', `tool "${name}": ${describeIssues(issues)}`, { issues });
    },
  };
}
