/** The MCP servers: each starts or can be reached, and has the tools that the workflows name. */
import type { McpConfig } from '../../adapters/mcp/config.js';
import type { ServerCheck } from '../../adapters/mcp/tool-pool.js';
import type { WorkflowDefinition } from '../../orchestrators/definition.js';
import { missingTools } from '../missing-tools.js';
import { type Finding, finding, ok } from './finding.js';

export function serverFindings(
  workflows: readonly WorkflowDefinition[],
  config: McpConfig,
  checks: readonly ServerCheck[],
): readonly Finding[] {
  return [
    ...checks.map((check) =>
      check.ok
        ? ok('servers', `${check.server}: ${check.implementation}, ${check.tools.length} tools`)
        : finding(
            'error',
            'servers',
            `${check.server}: ${check.error.message}`,
            `Mend it in ${config.source}, or set "disabled": true.`,
          ),
    ),
    ...missingTools(workflows, config, checks).map(({ what, remedy }) =>
      finding('error', 'servers', `${what}.`, `${remedy.slice(0, 1).toUpperCase()}${remedy.slice(1)}`),
    ),
  ];
}
