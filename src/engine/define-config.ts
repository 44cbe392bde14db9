/** `switchyard.config.{js,mjs,ts}`: a project's own workflows and settings, which every command loads. */

import type { AgentTools } from '../agent-tools.js';
import type { ApiSettings } from '../api-settings.js';
import type { CallbackSettings } from '../callbacks.js';
import type { Retention } from '../config.js';
import type { Workflow } from '../orchestrators/definition.js';
import type { QueueLimits } from '../queue-limits.js';

/** The content of an `mcp.json`. */
export interface McpJson {
  readonly mcpServers: Readonly<Record<string, unknown>>;
  readonly bindings?: Readonly<Record<string, unknown>>;
}

export interface SwitchyardConfig {
  /** What runs here. The shipped ones are at `switchyard-mq/workflows`. */
  readonly workflows: readonly Workflow[];
  /** Path of an `mcp.json`, from this file's folder on, or its content. Default: `mcp.json` in the working folder, else the shipped servers. */
  readonly mcp?: string | McpJson;
  /** Address of Redis; `--redis` and `REDIS_URL` win over it. Default: the embedded one. */
  readonly redis?: string;
  /** How long ended runs are kept. At least a second, and one. Default: 7 days, 10,000 per workflow. */
  readonly retention?: Partial<Retention>;
  /** Limits of queues, by name; set when a worker starts. `concurrency` holds for each process, `total` and `rate` for all. */
  readonly queues?: Readonly<Record<string, QueueLimits>>;
  /** How `switchyard up` and `switchyard api` serve. The token is SWITCHYARD_TOKEN, from the environment alone. */
  readonly api?: ApiSettings;
  /** Whom the end of a run may be told. */
  readonly callbacks?: CallbackSettings;
  /** Prefix of every key, braces included. Default `{sy0}`. */
  readonly prefix?: string;
  /** What agents are told of each workflow by `switchyard mcp`, and which are kept from them (`false`). */
  readonly agentTools?: AgentTools;
}

/** Types the configuration; nothing else happens here. */
export function defineConfig(config: SwitchyardConfig): SwitchyardConfig {
  return Object.freeze({ ...config });
}
