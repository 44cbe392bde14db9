/** Which services list the effects of this project's workflows, and which do not: what nobody lists, nobody can look through. */
import type { McpConfig } from '../adapters/mcp/config.js';
import type { ServerCheck } from '../adapters/mcp/tool-pool.js';
import { LIST_EFFECTS } from '../effect-listing.js';
import { SwitchyardError } from '../errors.js';
import { tasksOf, type WorkflowDefinition } from '../orchestrators/definition.js';

export interface EffectServices {
  /** Capabilities to ask. */
  readonly from: readonly string[];
  /** Tasks that give keys to a service which does not list them, or to one that is not known, by name. */
  readonly unlisted: readonly string[];
}

/**
 * Every server with the tool, and every binding of that name.
 * @throws SwitchyardError the failure of a server that a workflow gives keys to: what it holds is not known
 */
export function effectServices(
  workflows: readonly WorkflowDefinition[],
  config: McpConfig,
  checks: readonly ServerCheck[],
): EffectServices {
  const listing = new Map<string, string>();
  for (const check of checks) {
    if (check.ok && check.tools.includes(LIST_EFFECTS)) listing.set(`${check.server}.${LIST_EFFECTS}`, check.server);
  }
  for (const [capability, { server }] of Object.entries(config.bindings)) {
    if (capability.endsWith(`.${LIST_EFFECTS}`)) listing.set(capability, server);
  }
  const keyed = workflows.flatMap(tasksOf).filter(({ effect }) => effect.kind === 'keyed');
  const servers = new Set(listing.values());
  const unlisted = new Set<string>();
  for (const { name, capability } of keyed) {
    const server = capability === undefined ? undefined : serverOf(capability, config);
    const check = checks.find((one) => one.server === server);
    if (check && !check.ok) throw unreachable(check);
    if (server === undefined || !servers.has(server)) unlisted.add(name);
  }
  return { from: [...listing.keys()].sort(), unlisted: [...unlisted].sort() };
}

function serverOf(capability: string, { bindings }: McpConfig): string {
  const binding = Object.hasOwn(bindings, capability) ? bindings[capability] : undefined;
  return binding?.server ?? capability.slice(0, Math.max(0, capability.indexOf('.')));
}

function unreachable({ server, error }: Extract<ServerCheck, { ok: false }>): SwitchyardError {
  return new SwitchyardError(
    error.code,
    `effects of MCP server "${server}" cannot be looked through, so whether it has orphans is not known: ${error.message}`,
    error,
  );
}
