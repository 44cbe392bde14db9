/**
 * Keeps one server reachable: one live session, started when first needed and shared by all calls, replaced when lost.
 *
 * Starting again waits: 100 ms after a loss, doubling with every failed start up to 30 s, back to nothing when one succeeds
 * (a tool that kills its server must not hold up the other tools). A caller waits for at most a second of that; beyond it is refused at once and told when to come back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import type { McpServerSettings } from './config.js';
import { HttpTransport } from './http-transport.js';
import type { PidList } from './pid-list.js';
import { redactingLogger } from './redacting-logger.js';
import { ServerSession } from './server-session.js';
import { startFailure } from './start-failure.js';
import { StdioTransport } from './stdio-transport.js';

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 30_000;
const LONGEST_WAIT_MS = 1_000;

export interface ConnectionOptions {
  /** Milliseconds for a server to start and initialize. */
  readonly startTimeoutMs: number;
  /** Milliseconds for a server that let a call time out to show that it lives. */
  readonly pingTimeoutMs: number;
  /** Largest message taken in; an answer's own limit is smaller and is checked later. */
  readonly maxMessageBytes: number;
  readonly pidList: PidList | undefined;
  readonly logger: Logger | undefined;
}

export class ServerConnection {
  readonly settings: McpServerSettings;
  readonly #options: ConnectionOptions;
  readonly #logger: Logger | undefined;
  readonly #closing = new AbortController();
  #session: Promise<ServerSession> | undefined;
  #live: ServerSession | undefined;
  #starting: StdioTransport | HttpTransport | undefined;
  #lossesInARow = 0;
  #startAgainAt = 0;
  /** Closings and pings under way, which close() waits for. */
  readonly #background = new Set<Promise<void>>();
  #pinging = false;
  readonly #retired = new Set<ServerSession>();

  constructor(settings: McpServerSettings, options: ConnectionOptions) {
    this.settings = settings;
    this.#options = options;
    this.#logger = options.logger && redactingLogger(options.logger.child({ server: settings.name }), settings.redact);
  }

  /** The live session, started if there is none. Rejects with SERVER_START_FAILED or TOOL_UNAVAILABLE. */
  session(): Promise<ServerSession> {
    if (this.#closing.signal.aborted) return Promise.reject(closed(this.settings.name));
    if (this.#session && !this.#live?.lost) return this.#session;
    this.#live = undefined;
    const starting = this.#start();
    this.#session = starting;
    starting.catch(() => {
      if (this.#session === starting) this.#session = undefined;
    });
    return starting;
  }

  /** The server does not know this session any more; the next call opens another. */
  forget(session: ServerSession): void {
    if (this.#retired.has(session)) return;
    this.#retired.add(session);
    this.#inBackground(session.retire().finally(() => this.#retired.delete(session)));
  }

  /**
   * A call on this session timed out. A stdio server that does not answer a ping either hangs as a whole: it is ended, so
   * that the calls of others find a new one. Over HTTP every call has a socket of its own, and there is nothing to end.
   */
  suspect(session: ServerSession): void {
    if (this.settings.kind === 'http' || this.#pinging || session.lost) return;
    this.#pinging = true;
    this.#inBackground(this.#endUnlessAlive(session));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // A server that is still starting is not waited for.
    await this.#starting?.close();
    const live = await this.#session?.catch(() => undefined);
    await Promise.all([live, ...this.#retired].map((session) => session?.close()));
    await Promise.all(this.#background);
  }

  async #endUnlessAlive(session: ServerSession): Promise<void> {
    const { pingTimeoutMs } = this.#options;
    const alive = await session.answersPing(pingTimeoutMs);
    this.#pinging = false;
    if (alive || session.lost) return;
    this.#logger?.warn({ pingTimeoutMs }, 'MCP server hangs: it is ended, the next call starts it again');
    await session.close();
  }

  async #start(): Promise<ServerSession> {
    await this.#backOff();
    const transport = this.#createTransport();
    this.#starting = transport;
    try {
      const session = await ServerSession.open(transport, this.#options.startTimeoutMs, this.#logger, () =>
        this.#countLoss(),
      );
      this.#live = session;
      this.#logger?.debug({ implementation: session.implementation }, 'MCP server is ready');
      if (session.lost) throw new Error('the connection closed right after initialize');
      this.#lossesInARow = 0;
      return session;
    } catch (error) {
      // A process that ends while starting was counted by its loss; a start that failed otherwise is counted here.
      const failure = startFailure(error, this.settings, transport, this.#options.startTimeoutMs);
      if (this.#startAgainAt <= Date.now()) this.#countLoss();
      throw failure;
    } finally {
      this.#starting = undefined;
    }
  }

  async #backOff(): Promise<void> {
    const waitMs = this.#startAgainAt - Date.now();
    if (waitMs <= 0) return;
    if (waitMs > LONGEST_WAIT_MS) {
      throw new SwitchyardError(
        'TOOL_UNAVAILABLE',
        `MCP server "${this.settings.name}" failed ${this.#lossesInARow} times in a row; it is started again in ${Math.ceil(waitMs / 1_000)} s. Its log lines say why.`,
        { retryAfterMs: waitMs },
      );
    }
    try {
      await delay(waitMs, undefined, { signal: this.#closing.signal });
    } catch {
      throw closed(this.settings.name);
    }
  }

  #countLoss(): void {
    if (this.#closing.signal.aborted) return;
    const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#lossesInARow);
    this.#lossesInARow += 1;
    this.#startAgainAt = Date.now() + backoffMs;
  }

  #createTransport(): StdioTransport | HttpTransport {
    const { settings } = this;
    const { maxMessageBytes, pidList } = this.#options;
    return settings.kind === 'http'
      ? new HttpTransport(settings, maxMessageBytes)
      : new StdioTransport(settings, { maxMessageLength: maxMessageBytes, pidList, logger: this.#logger });
  }

  #inBackground(work: Promise<void>): void {
    const done = work.catch((error: unknown) => this.#logger?.debug({ error }, 'MCP connection did not close cleanly'));
    this.#background.add(done);
    void done.then(() => this.#background.delete(done));
  }
}

function closed(server: string): SwitchyardError {
  return new SwitchyardError('TOOL_UNAVAILABLE', `MCP server "${server}" was not asked: the tool pool is closed`);
}
