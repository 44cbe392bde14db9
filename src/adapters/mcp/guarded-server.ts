/**
 * One server, and what keeps it and us from harming each other: a circuit breaker, a bulkhead, and a health check.
 *
 * - A server that failed too often in a row is left alone for a while; more calls at once than it is given wait in line.
 *   Both refusals (SERVER_PAUSED, SERVER_BUSY) mean that the tool was surely not asked.
 * - Nothing that comes before the request takes more than half of a call's time: a call that begins with its last
 *   milliseconds would time out, and leave in doubt what could have been refused.
 * - Before a paused server gets a call again it must answer a ping, so that no job's attempt pays for finding out.
 * - Only a server that has been called is checked, and the check's timer keeps no process alive.
 */
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import { Bulkhead } from './bulkhead.js';
import { type CallDeadline, EndedEarly } from './call-deadline.js';
import { callFailure } from './call-failure.js';
import { outcomeOf } from './call-outcome.js';
import { admit, type BreakerState, CLOSED, fail, settle, type Ticket } from './circuit-breaker.js';
import type { McpServerSettings } from './config.js';
import { type ConnectionOptions, ServerConnection } from './server-connection.js';
import { busy, type CountedError, paused } from './server-refusal.js';
import { requirePing } from './trial-ping.js';

export interface GuardedCall {
  readonly capability: string;
  readonly tool: string;
  readonly deadline: CallDeadline;
}

export interface ServerHealth {
  readonly server: string;
  readonly breaker: BreakerState['phase'];
  /** Failures in a row while the breaker is closed. */
  readonly failures: number;
  /** Milliseconds until a paused server is tried again. */
  readonly pausedForMs?: number;
  readonly connected: boolean;
  readonly inFlight: number;
  readonly waiting: number;
  /** Sessions opened after the first. */
  readonly restarts: number;
  /** The last failure that the breaker counted; kept when the server is well again. */
  readonly lastError?: CountedError;
}

export class GuardedServer {
  readonly settings: McpServerSettings;
  readonly connection: ServerConnection;
  readonly #logger: Logger | undefined;
  readonly #bulkhead: Bulkhead;
  #breaker: BreakerState = CLOSED;
  #lastError: CountedError | undefined;
  #checks: NodeJS.Timeout | undefined;
  #checking = false;
  #closed = false;

  constructor(settings: McpServerSettings, options: ConnectionOptions) {
    this.settings = settings;
    this.connection = new ServerConnection(settings, options);
    this.#logger = options.logger?.child({ server: settings.name });
    this.#bulkhead = new Bulkhead(settings.limits);
  }

  /**
   * Does the work of one call when the server may have it. Rejects with SERVER_PAUSED or SERVER_BUSY, with TOOL_TIMEOUT
   * when the call ends in line, or with what the work threw.
   */
  async run<T>(call: GuardedCall, work: () => Promise<T>): Promise<T> {
    this.#checkFromNowOn();
    if (!this.#bulkhead.tryEnter()) await this.#standInLine(call);
    try {
      const ticket = this.#admit(call);
      try {
        if (ticket.trial) await this.#try(call, ticket);
        const value = await work();
        this.#move(settle(this.#breaker, this.settings.limits.breaker, ticket, 'answered', performance.now()));
        return value;
      } catch (thrown) {
        const error = toSwitchyardError(thrown);
        this.#settleFailure(ticket, error, call.deadline.heard);
        throw error;
      }
    } finally {
      this.#bulkhead.leave();
    }
  }

  health(): ServerHealth {
    const breaker = this.#breaker;
    return {
      server: this.settings.name,
      breaker: breaker.phase,
      failures: breaker.phase === 'closed' ? breaker.failures : 0,
      ...(breaker.phase === 'open' && { pausedForMs: this.#pauseLeftMs }),
      connected: this.connection.connected,
      inFlight: this.#bulkhead.inside,
      waiting: this.#bulkhead.waiting,
      restarts: this.connection.restarts,
      ...(this.#lastError && { lastError: this.#lastError }),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#checks);
    await this.connection.close();
  }

  /** Who would be refused at the head of the line is refused now. */
  async #standInLine(call: GuardedCall): Promise<void> {
    const { admission } = admit(this.#breaker, this.settings.limits.breaker, performance.now());
    if (admission.kind === 'refused') throw this.#paused(call, admission.retryAfterMs);
    const { deadline } = call;
    try {
      const wait = await this.#bulkhead.standInLine(deadline.remainingMs / 2, deadline.attemptSignal());
      if (wait !== 'entered') throw busy(call, this.settings, wait);
    } catch (error) {
      throw error instanceof EndedEarly ? this.#endedUnasked(call, error) : error;
    }
  }

  #admit(call: GuardedCall): Ticket {
    const { state, admission } = admit(this.#breaker, this.settings.limits.breaker, performance.now());
    this.#move(state);
    if (admission.kind === 'refused') throw this.#paused(call, admission.retryAfterMs);
    return admission.ticket;
  }

  async #try(call: GuardedCall, ticket: Ticket): Promise<void> {
    const { breaker } = this.settings.limits;
    try {
      await requirePing(this.connection, call.deadline);
    } catch (thrown) {
      if (thrown instanceof EndedEarly) throw this.#endedUnasked(call, thrown);
      this.#note(toSwitchyardError(thrown));
      this.#move(settle(this.#breaker, breaker, ticket, 'lost', performance.now()));
      throw this.#paused(call, breaker.pauseMs);
    }
  }

  #settleFailure(ticket: Ticket, error: SwitchyardError, heard: boolean): void {
    const outcome = outcomeOf(error, heard);
    if (outcome === 'lost' || outcome === 'silent') this.#note(error);
    this.#move(settle(this.#breaker, this.settings.limits.breaker, ticket, outcome, performance.now()));
  }

  #move(next: BreakerState): void {
    const before = this.#breaker;
    this.#breaker = next;
    if (before.phase === next.phase) return;
    if (next.phase === 'open') {
      const { pauseMs } = this.settings.limits.breaker;
      this.#logger?.warn(
        { pauseMs, lastError: this.#lastError },
        'MCP server is paused: its calls are refused unasked',
      );
    } else if (next.phase === 'closed') this.#logger?.info({}, 'MCP server answers again and is no longer paused');
  }

  get #pauseLeftMs(): number {
    const breaker = this.#breaker;
    return breaker.phase === 'open' ? Math.max(0, Math.ceil(breaker.until - performance.now())) : 0;
  }

  #paused(call: GuardedCall, retryAfterMs: number): SwitchyardError {
    return paused(call, this.settings, { retryAfterMs: Math.ceil(retryAfterMs), lastError: this.#lastError });
  }

  #endedUnasked(call: GuardedCall, ending: EndedEarly): SwitchyardError {
    const { name: server, redact } = this.settings;
    return callFailure(ending, { ...call, server, redact, times: call.deadline, sent: false, connectionLost: false });
  }

  #note({ code, message }: SwitchyardError): void {
    this.#lastError = { at: Date.now(), code, message };
  }

  #checkFromNowOn(): void {
    const { everyMs } = this.settings.limits.health;
    if (this.#checks || this.#closed || everyMs === undefined) return;
    this.#checks = setInterval(() => void this.#checkHealth(), everyMs);
    this.#checks.unref();
  }

  async #checkHealth(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      if ((await this.connection.checkHealth()) !== 'unanswered' || this.#closed) return;
      this.#note(new SwitchyardError('TOOL_UNAVAILABLE', `MCP server "${this.settings.name}" did not answer a ping`));
      this.#move(fail(this.#breaker, this.settings.limits.breaker, performance.now()));
    } finally {
      this.#checking = false;
    }
  }
}
