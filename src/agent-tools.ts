/**
 * How a project publishes its workflows to agents. A definition says how a workflow runs; what an agent must be told of it
 * (when to call it, whether a call can do harm) nobody can derive from that, and stands here, by workflow.
 */

/** What an agent's program shows, or asks its user about, before it calls the tool. MCP's own hints. */
export interface AgentHints {
  /** Nothing outside changes, but that a run is kept. */
  readonly readOnlyHint?: boolean;
  /** It may take away or overwrite what is there. Without a word of yours: yes. */
  readonly destructiveHint?: boolean;
  /** A second call with the same arguments changes nothing more. */
  readonly idempotentHint?: boolean;
  /** It reaches what others own: the web, a carrier, a mailbox. Without a word of yours: yes. */
  readonly openWorldHint?: boolean;
}

export interface AgentTool {
  readonly title?: string;
  /** What it does and when to call it, for a reader that sees nothing else of it. Default: its pattern and its stages. */
  readonly description?: string;
  readonly hints?: AgentHints;
}

/** By name of the workflow; `false` keeps one from agents. */
export type AgentTools = Readonly<Record<string, AgentTool | false>>;
