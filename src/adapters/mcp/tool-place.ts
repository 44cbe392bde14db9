/** Where a capability leads by the configuration alone: no server has to be there for it. */
import type { ToolPlace } from '../../ports.js';
import type { Binding } from './binding-config.js';
import type { McpConfig } from './config.js';

export interface NamedTool {
  /** Of the server, whether or not it is configured. */
  readonly name: string;
  readonly tool: string;
  readonly binding: Binding | undefined;
}

export function toolNamed(capability: string, { bindings }: McpConfig): NamedTool {
  const binding = Object.hasOwn(bindings, capability) ? bindings[capability] : undefined;
  const dot = capability.indexOf('.');
  const name = binding?.server ?? capability.slice(0, Math.max(dot, 0));
  return { name, tool: binding?.tool ?? capability.slice(dot + 1), binding };
}

export function placeOf(capability: string, config: McpConfig): ToolPlace | undefined {
  const { name, tool } = toolNamed(capability, config);
  const server = config.servers.get(name);
  return server && { server: name, tool, transport: server.kind };
}
