/**
 * The MCP server that serves workflows: each is a tool, its runs are resources, and what runs can be asked for, waited for
 * and stopped.
 *
 * A server holds nothing of a run. Whoever loses a call, or this whole process, loses no run: workers do the work, and any
 * other server on the same Redis attaches to it by its id or its key.
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  type LoggingLevel,
  LoggingLevelSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import type { AgentTools } from '../../agent-tools.js';
import type { Switchyard } from '../../engine/engine.js';
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
import type { WorkflowDefinition } from '../../orchestrators/definition.js';
import { failureAnswer, ToolFailure } from '../tool-failure.js';
import type { Listener } from './follow-run.js';
import { NotToRepeat, notToRepeatAnswer } from './not-to-repeat.js';
import { operatorTools } from './operator-tools.js';
import { listRuns, readRun, TEMPLATES } from './run-resources.js';
import { runTools } from './run-tools.js';
import { servedRuns } from './served-runs.js';
import type { CallContext, ServedTool, ToolHost } from './served-tool.js';
import { workflowTool } from './workflow-tool.js';

/** Below the 60 s after which most clients give a call up. */
const DEFAULT_WAIT_MS = 45_000;
/** For an agent that asks for more, and whose client stands it. */
const MOST_WAIT_MS = 600_000;

const NAME = 'switchyard';

const INSTRUCTIONS = `Each tool that is not called run_… starts a workflow as a durable run: it goes on whatever becomes of this connection.
If a call is lost, or answers that the run is still running, do not start it again: ask run_wait with its id, or with the workflow and the key that it was given.
An error with \`run\` in it is of a run that was accepted: ask for that. One with \`key\`: call again with this key as \`_run.key\`.
Give \`_run.key\` to whatever must not happen twice. Statuses that wait for a person are for your user to decide.`;

export interface WorkflowServerOptions {
  readonly sy: Switchyard;
  readonly workflows: readonly WorkflowDefinition[];
  readonly version: string;
  /** What agents are told of each workflow, and which are kept from them. */
  readonly agentTools?: AgentTools | undefined;
  /** Also serve the words that stand for a person's decision. */
  readonly operator?: boolean;
  /** How long a call waits that does not say. */
  readonly waitMs?: number | undefined;
  /** Told one line for each failure that nobody foresaw. */
  readonly log: (line: string) => void;
}

export interface WorkflowServer {
  readonly tools: readonly string[];
  /** Calls that are not answered yet. */
  readonly inFlight: ReadonlySet<Promise<unknown>>;
  /** A server for one connection. */
  connect(): McpServer;
}

/** @throws SwitchyardError INVALID_CONFIG for workflows that cannot be told apart from our tools, or as JSON Schema */
export function createWorkflowServer(options: WorkflowServerOptions): WorkflowServer {
  const { sy, version, operator = false, waitMs = DEFAULT_WAIT_MS, agentTools = {}, log } = options;
  const kept = Object.keys(agentTools).filter((name) => agentTools[name] === false);
  const runs = servedRuns(sy, new Set(kept));
  const host: ToolHost = { sy, runs, operator, waitMs, mostWaitMs: Math.max(MOST_WAIT_MS, waitMs) };
  const tools = toolsOf(options, host);
  const inFlight = new Set<Promise<unknown>>();

  function connect(): McpServer {
    const mcp = new McpServer(
      { name: NAME, version },
      { instructions: INSTRUCTIONS, capabilities: { tools: {}, resources: {}, logging: {} } },
    );
    const { server } = mcp;
    let level: LoggingLevel = 'debug';
    server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
      level = params.level;
      return {};
    });
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [...tools.values()].map(({ listed }) => listed),
    }));
    server.setRequestHandler(ListResourcesRequestSchema, async ({ params }) => await listRuns(runs, params?.cursor));
    server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }));
    server.setRequestHandler(ReadResourceRequestSchema, async ({ params }) => await readRun(runs, params.uri));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
      const tool = tools.get(params.name);
      if (!tool) {
        const known = [...tools.keys()].join(', ');
        throw new McpError(ErrorCode.InvalidParams, `${NAME} has no tool "${params.name}"; it has: ${known}`);
      }
      const answer = answerCall(tool, params.arguments ?? {}, {
        signal: extra.signal,
        isClosed: () => server.transport === undefined,
        by: `mcp:${server.getClientVersion()?.name ?? 'unknown'}`,
        listener: listenerOf(extra, () => level),
      });
      inFlight.add(answer);
      try {
        return await answer;
      } finally {
        inFlight.delete(answer);
      }
    });
    return mcp;
  }

  async function answerCall(
    tool: ServedTool,
    args: Readonly<Record<string, unknown>>,
    context: CallContext,
  ): Promise<CallToolResult> {
    try {
      // A call that nobody waits for is not answered by the protocol, whatever is returned.
      return (await tool.call(args, context)) ?? { content: [] };
    } catch (thrown) {
      const cause = thrown instanceof NotToRepeat ? thrown.cause : thrown;
      const error = cause instanceof SwitchyardError ? cause : unforeseen(tool.listed.name, cause);
      if (thrown instanceof NotToRepeat) return notToRepeatAnswer(thrown, error);
      const { code, message, retryable, retryAfterMs } = error;
      return failureAnswer(new ToolFailure(code, message, { retryable, ...(retryAfterMs && { retryAfterMs }) }));
    }
  }

  function unforeseen(tool: string, thrown: unknown): SwitchyardError {
    log(`${tool} failed unexpectedly: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    return new SwitchyardError('INTERNAL', `${tool} failed unexpectedly: ${toSwitchyardError(thrown).message}`);
  }

  return { tools: [...tools.keys()], inFlight, connect };
}

function toolsOf(
  { workflows, agentTools = {}, operator = false }: WorkflowServerOptions,
  host: ToolHost,
): ReadonlyMap<string, ServedTool> {
  const newest = new Map<string, WorkflowDefinition>();
  for (const workflow of workflows) {
    if ((newest.get(workflow.name)?.version ?? 0) < workflow.version) newest.set(workflow.name, workflow);
  }
  const unknown = Object.keys(agentTools).filter((name) => !newest.has(name));
  if (unknown.length > 0) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `agentTools tells of ${unknown.map((name) => `"${name}"`).join(', ')}, and there is no such workflow; there are: ${[...newest.keys()].join(', ')}`,
    );
  }
  const own = [...runTools(host), ...(operator ? operatorTools(host) : [])];
  const tools = new Map(own.map((tool) => [tool.listed.name, tool]));
  const served: ServedTool[] = [];
  for (const workflow of newest.values()) {
    const told = Object.hasOwn(agentTools, workflow.name) ? (agentTools[workflow.name] ?? {}) : {};
    if (told === false) continue;
    if (tools.has(workflow.name)) {
      throw new SwitchyardError(
        'INVALID_CONFIG',
        `workflow "${workflow.name}" has the name of a tool about runs: rename it, or keep it from agents with agentTools: { "${workflow.name}": false }`,
      );
    }
    served.push(workflowTool(workflow, told, host));
  }
  return new Map([...served, ...own].map((tool) => [tool.listed.name, tool]));
}

const LEVELS: readonly LoggingLevel[] = LoggingLevelSchema.options;

/**
 * Progress goes to clients that gave a token for it; log messages to those that did not silence them. Both as part of the
 * call: over HTTP they arrive on its own stream, whether or not the client listens on another.
 */
function listenerOf(
  extra: RequestHandlerExtra<ServerRequest, ServerNotification>,
  level: () => LoggingLevel,
): Listener {
  const token = extra._meta?.progressToken;
  // A client that is gone is no failure of the call: the run goes on, and the wait ends by its signal.
  const ignore = () => undefined;
  return {
    async progress({ _meta, ...progress }) {
      if (token === undefined) return;
      const params = { progressToken: token, ...progress, _meta: { ..._meta } };
      await extra.sendNotification({ method: 'notifications/progress', params }).catch(ignore);
    },
    async log(message, run) {
      if (LEVELS.indexOf('info') < LEVELS.indexOf(level())) return;
      const params = { level: 'info' as const, logger: 'run', data: { run, message } };
      await extra.sendNotification({ method: 'notifications/message', params }).catch(ignore);
    },
  };
}
