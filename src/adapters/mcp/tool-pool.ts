/**
 * Calls tools of the configured MCP servers: the {@link ToolCaller} of the engine.
 *
 * Servers are started when first needed, one connection each, and stay. A call that was never sent (server down,
 * session unknown to it) is tried again in place, up to three times within its timeout; one that may have been sent only
 * when it is safe to repeat: the caller says so, or the capability's contract is read-only.
 */

import { MAX_ANSWER_BYTES } from '../../config.js';
import type { ErrorRecord } from '../../errors.js';
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
import type { Logger, ToolCaller, ToolCallOptions } from '../../ports.js';
import type { ToolContract } from './answer-contract.js';
import { CallDeadline } from './call-deadline.js';
import type { McpConfig } from './config.js';
import { PidList } from './pid-list.js';
import { ServerConnection } from './server-connection.js';
import { attemptCall, type Route } from './tool-attempt.js';

export interface ToolPoolOptions {
  readonly config: McpConfig;
  /** By capability. An answer without a contract is passed on as it came. */
  readonly contracts?: Readonly<Record<string, ToolContract>>;
  readonly logger?: Logger;
  /** Default 262,144 (256 KiB), as JSON. */
  readonly maxAnswerBytes?: number;
  /** For a server to start and initialize. Default 15,000 ms. */
  readonly startTimeoutMs?: number;
  /** For a stdio server that let a call time out to show that it lives, before it is ended. Default 5,000 ms. */
  readonly pingTimeoutMs?: number;
  /** Folder in which the pids of started servers are listed, and those of dead workers found and ended. Default: none. */
  readonly dataDir?: string;
}

export type ServerCheck =
  | { readonly server: string; readonly ok: true; readonly implementation: string; readonly tools: readonly string[] }
  | { readonly server: string; readonly ok: false; readonly error: ErrorRecord };

export interface ToolPool extends ToolCaller {
  /** Starts or reaches every configured server and lists its tools; a server that fails is reported, not thrown. */
  check(): Promise<readonly ServerCheck[]>;
}

const MOST_ATTEMPTS = 3;
/** Before the second attempt; twice that before the third. */
const PAUSE_MS = 50;

/**
 * A message carries its answer twice (structured, and as escaped text), escapes included; and lists of tools are long.
 */
const MESSAGE_PER_ANSWER = 6;
const SMALLEST_MESSAGE_LIMIT = 4 * 1024 * 1024;

export function createToolPool(options: ToolPoolOptions): ToolPool {
  return new McpToolPool(options);
}

class McpToolPool implements ToolPool {
  readonly #config: McpConfig;
  readonly #contracts: Readonly<Record<string, ToolContract>>;
  readonly #maxAnswerBytes: number;
  readonly #connections: ReadonlyMap<string, ServerConnection>;
  #closing: Promise<void> | undefined;

  constructor(options: ToolPoolOptions) {
    const {
      config,
      contracts = {},
      logger,
      maxAnswerBytes = MAX_ANSWER_BYTES,
      startTimeoutMs = 15_000,
      pingTimeoutMs = 5_000,
    } = options;
    this.#config = config;
    this.#contracts = contracts;
    this.#maxAnswerBytes = maxAnswerBytes;
    const pidList = options.dataDir === undefined ? undefined : new PidList(options.dataDir);
    const swept = pidList?.sweep() ?? [];
    if (swept.length > 0)
      logger?.warn({ pids: swept }, 'MCP servers of a dead worker were still running and have been ended');
    const maxMessageBytes = Math.max(SMALLEST_MESSAGE_LIMIT, MESSAGE_PER_ANSWER * maxAnswerBytes);
    this.#connections = new Map(
      [...config.servers].map(([name, settings]) => [
        name,
        new ServerConnection(settings, { startTimeoutMs, pingTimeoutMs, maxMessageBytes, pidList, logger }),
      ]),
    );
  }

  async call(capability: string, args: Readonly<Record<string, unknown>>, options: ToolCallOptions): Promise<unknown> {
    const route = this.#route(capability);
    const contract = Object.hasOwn(this.#contracts, capability) ? this.#contracts[capability] : undefined;
    const deadline = new CallDeadline(options.timeoutMs, options.signal);
    const safeToRepeat = options.safeToRepeat || contract?.readOnly === true;
    let earlier: SwitchyardError | undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await attemptCall({ route, contract, args, deadline, options, maxAnswerBytes: this.#maxAnswerBytes });
        } catch (thrown) {
          const error = withDoubtOf(earlier, toSwitchyardError(thrown));
          if (attempt === MOST_ATTEMPTS || !mayRepeat(error, safeToRepeat)) throw error;
          earlier = error;
        }
        await deadline.pause(PAUSE_MS * attempt);
      }
    } finally {
      deadline.dispose();
    }
  }

  check(): Promise<readonly ServerCheck[]> {
    return Promise.all([...this.#connections].map(([server, connection]) => checkServer(server, connection)));
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#connections.values()].map((connection) => connection.close())).then(
      () => {},
    );
    return this.#closing;
  }

  #route(capability: string): Route {
    const { bindings, source } = this.#config;
    const binding = Object.hasOwn(bindings, capability) ? bindings[capability] : undefined;
    const dot = capability.indexOf('.');
    const server = binding?.server ?? capability.slice(0, Math.max(dot, 0));
    const tool = binding?.tool ?? capability.slice(dot + 1);
    const connection = this.#connections.get(server);
    if (connection && tool !== '') return { capability, connection, tool, binding };
    const configured = [...this.#connections.keys()].join(', ') || 'none';
    throw new SwitchyardError(
      'UNKNOWN_SERVER',
      `${capability} asks for MCP server "${server}", which ${source} does not have; configured: ${configured}. Add it there, or bind ${capability} to another server's tool.`,
    );
  }
}

// A server that is down has a waiting time of its own, which its connection keeps and tells as retryAfterMs.
function mayRepeat(error: SwitchyardError, safeToRepeat: boolean): boolean {
  if (error.code !== 'TOOL_UNAVAILABLE' || !error.retryable || error.retryAfterMs !== undefined) return false;
  return error.answered !== false || safeToRepeat;
}

/** An attempt that never reached the tool says nothing about the one before it, whose answer was lost. */
function withDoubtOf(earlier: SwitchyardError | undefined, error: SwitchyardError): SwitchyardError {
  if (!earlier || error.answered !== undefined) return error;
  return new SwitchyardError(error.code, `${error.message}. The attempt before: ${earlier.message}`, {
    ...error.toJSON(),
    ...(earlier.answered !== undefined && { answered: earlier.answered }),
    cause: error,
  });
}

async function checkServer(server: string, connection: ServerConnection): Promise<ServerCheck> {
  try {
    const session = await connection.session();
    const tools = [...((await session.tools()) ?? [])];
    const { name, version } = session.implementation ?? { name: 'unknown', version: '' };
    return { server, ok: true, implementation: `${name} ${version}`.trim(), tools };
  } catch (error) {
    return { server, ok: false, error: toSwitchyardError(error).toJSON() };
  }
}
