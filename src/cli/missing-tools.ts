/** Whether the tools that the workflows name are there: known when a worker starts, and not first when a run needs one. */
import type { McpConfig } from '../adapters/mcp/config.js';
import type { ServerCheck } from '../adapters/mcp/tool-pool.js';
import { tasksOf, type WorkflowDefinition } from '../orchestrators/definition.js';

export interface MissingTool {
  readonly workflow: string;
  readonly capability: string;
  readonly message: string;
  /** The message in two parts, for who shows them apart. */
  readonly what: string;
  readonly remedy: string;
}

/** One entry for each capability of each workflow. A server that could not be asked has been reported as such. */
export function missingTools(
  workflows: readonly WorkflowDefinition[],
  config: McpConfig,
  checks: readonly ServerCheck[],
): readonly MissingTool[] {
  return workflows.flatMap((workflow) => {
    const capabilities = new Set(tasksOf(workflow).flatMap(({ capability }) => capability ?? []));
    return [...capabilities].flatMap((capability) => {
      const why = whyMissing(capability, config, checks);
      if (why === undefined) return [];
      const what = `workflow "${workflow.name}" calls ${capability}, and ${why}. Runs fail when they come to it`;
      const remedy = `correct the name, or bind ${capability} to another tool (\`bindings\` in mcp.json).`;
      return [{ workflow: workflow.name, capability, message: `${what}: ${remedy}`, what, remedy }];
    });
  });
}

function whyMissing(capability: string, config: McpConfig, checks: readonly ServerCheck[]): string | undefined {
  const binding = Object.hasOwn(config.bindings, capability) ? config.bindings[capability] : undefined;
  const server = binding?.server ?? groupOf(capability);
  const tool = binding?.tool ?? capability.slice(groupOf(capability).length + 1);
  if (!config.servers.has(server)) {
    return `there is no MCP server "${server}"; configured: ${[...config.servers.keys()].join(', ') || 'none'}`;
  }
  const check = checks.find((one) => one.server === server);
  if (!check?.ok || check.tools.includes(tool)) return undefined;
  return `MCP server "${server}" has no tool "${tool}"; it has: ${check.tools.join(', ') || 'none'}`;
}

function groupOf(capability: string): string {
  return capability.slice(0, Math.max(0, capability.indexOf('.')));
}
