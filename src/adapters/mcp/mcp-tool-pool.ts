/**
 * Calls tools of the configured MCP servers: the {@link ToolCaller} of the engine.
 *
 * Servers are started when first needed, one connection each, and stay; each is guarded by limits of its own (see
 * guarded-server.ts). A call that was never sent (server down,
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
import { GuardedServer, type ServerHealth } from './guarded-server.js';
import { PidList } from './pid-list.js';
import type { ServerConnection } from './server-connection.js';
import type { DescribedTool } from './server-session.js';
import { type Attempt, attemptCall, type Route } from './tool-attempt.js';
import { toolNamed } from './tool-place.js';

export interface ToolPoolOptions {
  readonly config: McpConfig;
  /** By capability. An answer without a contract is passed on as it came. */
  readonly contracts?: Readonly<Record<string, ToolContract>>;
  readonly logger?: Logger;
  /** Default 262,144 (256 KiB), as JSON. */
  readonly maxAnswerBytes?: number;
  /** For a server to start and initialize. Default 15,000 ms. */
  readonly startTimeoutMs?: number;
  /** Folder in which the pids of started servers are listed, and those of dead workers found and ended. Default: none. */
  readonly dataDir?: string;
}

export type ServerCheck =
  | { readonly server: string; readonly ok: true; readonly implementation: string; readonly tools: readonly string[] }
  | { readonly server: string; readonly ok: false; readonly error: ErrorRecord };

export type DescribedServer =
  | { readonly server: string; readonly ok: true; readonly tools: readonly DescribedTool[] }
  | { readonly server: string; readonly ok: false; readonly error: ErrorRecord };

export interface ToolPool extends ToolCaller {
  /** Starts or reaches every configured server and lists its tools; a server that fails is reported, not thrown. */
  check(): Promise<readonly ServerCheck[]>;
  /** The same, with what each tool says of itself. */
  describe(): Promise<readonly DescribedServer[]>;
  /** How each configured server fares; asks none of them. */
  health(): readonly ServerHealth[];
}

const MOST_ATTEMPTS = 3;
/** Before the second attempt; twice that before the third. */
const PAUSE_MS = 50;

/**
 * A message carries its answer twice (structured, and as escaped text), escapes included; and lists of tools are long.
 */
const MESSAGE_PER_ANSWER = 6;
const SMALLEST_MESSAGE_LIMIT = 4 * 1024 * 1024;

export class McpToolPool implements Omit<ToolPool, 'placeOf'> {
  readonly #config: McpConfig;
  readonly #contracts: Readonly<Record<string, ToolContract>>;
  readonly #maxAnswerBytes: number;
  readonly #servers: ReadonlyMap<string, GuardedServer>;
  #closing: Promise<void> | undefined;

  constructor(options: ToolPoolOptions) {
    const { config, contracts = {}, logger, maxAnswerBytes = MAX_ANSWER_BYTES, startTimeoutMs = 15_000 } = options;
    this.#config = config;
    this.#contracts = contracts;
    this.#maxAnswerBytes = maxAnswerBytes;
    const pidList = options.dataDir === undefined ? undefined : new PidList(options.dataDir);
    const swept = pidList?.sweep() ?? [];
    if (swept.length > 0)
      logger?.warn({ pids: swept }, 'MCP servers of a dead worker were still running and have been ended');
    const maxMessageBytes = Math.max(SMALLEST_MESSAGE_LIMIT, MESSAGE_PER_ANSWER * maxAnswerBytes);
    this.#servers = new Map(
      [...config.servers].map(([name, settings]) => [
        name,
        new GuardedServer(settings, { startTimeoutMs, maxMessageBytes, pidList, logger }),
      ]),
    );
  }

  async call(capability: string, args: Readonly<Record<string, unknown>>, options: ToolCallOptions): Promise<unknown> {
    const route = this.#route(capability);
    const contract = Object.hasOwn(this.#contracts, capability) ? this.#contracts[capability] : undefined;
    const { limits } = route.server.settings;
    const totalMs = Math.min(
      options.timeoutMs,
      route.binding?.totalTimeout ?? limits.totalTimeoutMs ?? options.timeoutMs,
    );
    const idleMs = route.binding?.idleTimeout ?? limits.idleTimeoutMs;
    const deadline = new CallDeadline({ totalMs, idleMs }, options.signal);
    const attempt: Attempt = { route, contract, args, deadline, options, maxAnswerBytes: this.#maxAnswerBytes };
    try {
      return await route.server.run({ ...route, deadline }, () => attempts(attempt));
    } finally {
      deadline.dispose();
    }
  }

  check(): Promise<readonly ServerCheck[]> {
    return Promise.all([...this.#servers].map(([name, { connection }]) => checkServer(name, connection)));
  }

  describe(): Promise<readonly DescribedServer[]> {
    return Promise.all([...this.#servers].map(([name, { connection }]) => describeServer(name, connection)));
  }

  health(): readonly ServerHealth[] {
    return [...this.#servers.values()].map((server) => server.health());
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#servers.values()].map((server) => server.close())).then(() => {});
    return this.#closing;
  }

  #route(capability: string): Route {
    const { name, tool, binding } = toolNamed(capability, this.#config);
    const server = this.#servers.get(name);
    const { source } = this.#config;
    if (server && tool !== '') return { capability, server, tool, binding };
    const configured = [...this.#servers.keys()].join(', ') || 'none';
    throw new SwitchyardError(
      'UNKNOWN_SERVER',
      `${capability} asks for MCP server "${name}", which ${source} does not have; configured: ${configured}. Add it there, or bind ${capability} to another server's tool.`,
    );
  }
}

async function attempts(attempt: Attempt): Promise<unknown> {
  const { contract, deadline, options } = attempt;
  const safeToRepeat = options.safeToRepeat || contract?.readOnly === true;
  let earlier: SwitchyardError | undefined;
  for (let n = 1; ; n += 1) {
    try {
      return await attemptCall(attempt);
    } catch (thrown) {
      const error = withDoubtOf(earlier, toSwitchyardError(thrown));
      if (n === MOST_ATTEMPTS || !mayRepeat(error, safeToRepeat)) throw error;
      earlier = error;
    }
    await deadline.pause(PAUSE_MS * n);
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
  // Being refused a second time is no refusal of the call: it has been made.
  const code = earlier.answered === false && error.code === 'SERVER_PAUSED' ? earlier.code : error.code;
  return new SwitchyardError(code, `${error.message}. The attempt before: ${earlier.message}`, {
    ...error.toJSON(),
    ...(earlier.answered !== undefined && { answered: earlier.answered }),
    cause: error,
  });
}

async function describeServer(server: string, connection: ServerConnection): Promise<DescribedServer> {
  try {
    const session = await connection.session();
    return { server, ok: true, tools: (await session.describeTools()) ?? [] };
  } catch (error) {
    return { server, ok: false, error: toSwitchyardError(error).toJSON() };
  }
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
