/**
 * Tools as an MCP server.
 *
 * The requests are answered here and not by `McpServer.registerTool`, because that turns refused arguments into plain
 * text in which a client cannot tell a permanent refusal from a passing failure.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  type Tool as ListedTool,
  ListToolsRequestSchema,
  McpError,
  ToolSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { FaultGate } from './fault-gate.js';
import type { Tool } from './tool.js';
import { failureAnswer, ToolFailure } from './tool-failure.js';

export interface ToolServerOptions {
  readonly name: string;
  readonly version: string;
  readonly tools: readonly Tool[];
  /** Ordered faults; without it every call goes straight to its tool. */
  readonly faults?: FaultGate | undefined;
  /** Calls that have begun and are not answered; whoever ends the process can wait for them. */
  readonly inFlight?: Set<Promise<unknown>> | undefined;
  /** Told one line for each failure that a tool did not foresee. */
  readonly log: (line: string) => void;
}

/** A server for one connection; the tools, and what they store, may be shared by many. */
export function createToolServer(options: ToolServerOptions): McpServer {
  const { name, version, inFlight } = options;
  const tools = new Map(options.tools.map((tool) => [tool.name, tool]));
  const listed = options.tools.map(listTool);
  const mcp = new McpServer({ name, version });
  mcp.server.registerCapabilities({ tools: {} });
  mcp.server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }));
  mcp.server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = tools.get(params.name);
    if (!tool) {
      const known = [...tools.keys()].join(', ');
      throw new McpError(ErrorCode.InvalidParams, `${name} has no tool "${params.name}"; it has: ${known}`);
    }
    const answer = answerCall(tool, params.arguments ?? {}, signal, options);
    inFlight?.add(answer);
    try {
      return await answer;
    } finally {
      inFlight?.delete(answer);
    }
  });
  return mcp;
}

function listTool(tool: Tool): ListedTool {
  const { name, title, description, annotations } = tool;
  // Draft 7 is what the validators inside MCP clients understand without being configured.
  return ToolSchema.parse({
    name,
    title,
    description,
    annotations,
    inputSchema: z.toJSONSchema(tool.inputSchema, { target: 'draft-7', io: 'input' }),
    outputSchema: z.toJSONSchema(tool.outputSchema, { target: 'draft-7', io: 'output' }),
  });
}

async function answerCall(
  tool: Tool,
  raw: unknown,
  signal: AbortSignal,
  { faults, log }: ToolServerOptions,
): Promise<CallToolResult> {
  try {
    const call = tool.prepare(raw);
    const run = () => call.run({ signal });
    const answer = await (faults ? faults.around(tool.name, call.args, signal, run) : run());
    return { structuredContent: answer, content: [{ type: 'text', text: JSON.stringify(answer) }] };
  } catch (thrown) {
    if (thrown instanceof ToolFailure) return failureAnswer(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    log(`${tool.name} failed unexpectedly: ${thrown instanceof Error ? (thrown.stack ?? message) : message}`);
    return failureAnswer(
      new ToolFailure('INTERNAL', `${tool.name} failed unexpectedly: ${message}`, { retryable: true, cause: thrown }),
    );
  }
}
