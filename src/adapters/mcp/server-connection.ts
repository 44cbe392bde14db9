/**
 * Keeps one server reachable: one live session, started when first needed and shared by all calls, replaced when lost and
 * when the server hangs.
 *
 * Starting again waits: 100 ms after a loss, doubling with every failed start up to 30 s, back to nothing when one succeeds
 * (a tool that kills its server must not hold up the other tools). A caller waits for at most a second of that; beyond it is refused at once and told when to come back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
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

/** Calls in a row that a session may let time out: the first may have been the tool's own matter, the next is the server's. */
const TIMEOUTS_OF_A_HANG = 2;

/** `replaced`: it had died, or did not know its session any more. `unanswered`: it was there and did not answer. */
export type HealthFinding = 'nothing-to-check' | 'healthy' | 'replaced' | 'unanswered';

export interface ConnectionOptions {
  /** Milliseconds for a server to start and initialize. */
  readonly startTimeoutMs: number;
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
  #starts = 0;
  #lossesInARow = 0;
  /** Since the server answered last: a check starts it anew once, and then leaves that to the calls and their backoff. */
  #startedByCheck = false;
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

  get connected(): boolean {
    return this.#live !== undefined && !this.#live.lost;
  }

  /** Sessions opened after the first. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
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

  /** A call on this session had its answer, or a sign that it is worked on. */
  heard(session: ServerSession): void {
    session.heard();
    this.#startedByCheck = false;
  }

  /**
   * A call on this session timed out. At the second in a row the server hangs, and the session is replaced: its other calls
   * are lost, and repeated where that is safe. After the first a stdio server must answer a ping: one that hangs as a
   * whole lets every other call time out as well. Over HTTP each call has a socket of its own.
   */
  suspect(session: ServerSession): void {
    if (session.lost) return;
    if (session.timedOut() >= TIMEOUTS_OF_A_HANG) {
      this.recycle(session, `${TIMEOUTS_OF_A_HANG} calls in a row got no answer`);
      return;
    }
    if (this.settings.kind === 'http' || this.#pinging) return;
    this.#pinging = true;
    this.#inBackground(this.#endUnlessAlive(session));
  }

  /** Pings the server; one that is silent or gone is started anew, once until it has answered again. */
  async checkHealth(): Promise<HealthFinding> {
    if (this.#starting || this.#closing.signal.aborted) return 'nothing-to-check';
    const session = this.#live;
    const ping = session && !session.lost ? await session.ping(this.settings.limits.health.timeoutMs) : undefined;
    if (ping === 'answered') this.#startedByCheck = false;
    if (ping === 'answered' || this.#closing.signal.aborted) return 'healthy';
    const silent = ping === 'unanswered' && session?.lost === false;
    if (session && silent) this.recycle(session, 'it did not answer a ping');
    else if (session && !session.lost) this.forget(session);
    await this.#startOnce();
    return silent ? 'unanswered' : 'replaced';
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
    const alive = await session.ping(this.settings.limits.health.timeoutMs);
    this.#pinging = false;
    if (alive === 'unanswered' && !session.lost) this.recycle(session, 'it did not answer a ping after a timeout');
  }

  /** Ends a stdio server, and the session of one over HTTP; the next call finds a new one. */
  recycle(session: ServerSession, why: string): void {
    this.#logger?.warn({ why }, 'MCP server hangs: its calls are given up and the next one starts it again');
    this.#inBackground(session.close());
  }

  async #startOnce(): Promise<void> {
    if (this.#startedByCheck) return;
    this.#startedByCheck = true;
    await this.session().catch((error: unknown) => {
      const { message } = toSwitchyardError(error);
      this.#logger?.warn({ reason: message }, 'MCP server was not healthy and did not start again');
    });
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
      this.#starts += 1;
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
        'SERVER_PAUSED',
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
