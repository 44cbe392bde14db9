/**
 * How long one call may take, attempts in place included, and why it ended early.
 *
 * Two clocks run: the whole call's, which nothing extends, and, where one is set, the silence's. That one starts with each
 * request and again with each sign of progress. The SDK has the same pair (`resetTimeoutOnProgress`, `maxTotalTimeout`)
 * for one request; ours spans the attempts, and tells a timeout from a cancelled call.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';

/** `idle`: nothing was heard for too long; `timeout`: the whole call's time is up. */
export type EarlyEnd = 'timeout' | 'idle' | 'cancelled';

export interface CallTimes {
  /** The whole call, in milliseconds. */
  readonly totalMs: number;
  readonly idleMs?: number | undefined;
}

export class EndedEarly extends Error {
  constructor(readonly why: EarlyEnd) {
    super(`the call ended early: ${why}`);
  }
}

export class CallDeadline {
  readonly totalMs: number;
  readonly idleMs: number | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #endsAt: number;
  #idleTimer: NodeJS.Timeout | undefined;
  #heard = false;
  readonly #cancelSignal: AbortSignal | undefined;
  readonly #ended: Promise<never>;
  #why: EarlyEnd | undefined;
  #end: (why: EarlyEnd) => void = () => {};
  readonly #onEnd = new Set<(why: EarlyEnd) => void>();

  constructor({ totalMs, idleMs }: CallTimes, cancelSignal: AbortSignal | undefined) {
    this.totalMs = totalMs;
    this.idleMs = idleMs;
    this.#endsAt = performance.now() + totalMs;
    this.#cancelSignal = cancelSignal;
    this.#ended = new Promise((_resolve, reject) => {
      this.#end = (why) => {
        if (this.#why) return;
        this.#why = why;
        // Before the listeners, which make the SDK reject too: the call must see this reason and not the SDK's.
        reject(new EndedEarly(why));
        for (const listener of this.#onEnd) listener(why);
      };
    });
    // Nobody may be waiting at the moment it ends.
    this.#ended.catch(() => {});
    this.#timer = setTimeout(() => this.#end('timeout'), totalMs);
    cancelSignal?.addEventListener('abort', this.#cancelled, { once: true });
    if (cancelSignal?.aborted) this.#cancelled();
  }

  get why(): EarlyEnd | undefined {
    return this.#why;
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** Whether the server has shown since the last request that it works on it. */
  get heard(): boolean {
    return this.#heard;
  }

  /** A request is on its way: the silence begins. */
  listen(): void {
    this.#heard = false;
    this.#restartIdleTimer();
  }

  /** The server works on it. */
  readonly progressed = (): void => {
    this.#heard = true;
    this.#restartIdleTimer();
  };

  /** The promise's own outcome, or {@link EndedEarly} when the call ends first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#ended]);
  }

  /** Resolves after the time given, or as soon as the call has ended. */
  async pause(ms: number): Promise<void> {
    // Rejected by nothing but the signal, and then whatever comes next finds the call ended.
    await delay(ms, undefined, { signal: this.attemptSignal() }).catch(() => {});
  }

  /** A signal for one attempt: aborted when the call ends, never reused. */
  attemptSignal(): AbortSignal {
    const controller = new AbortController();
    if (this.#why) controller.abort(new EndedEarly(this.#why));
    else this.#onEnd.add((why) => controller.abort(new EndedEarly(why)));
    return controller.signal;
  }

  /** To be called when the call is over: takes the listener off the caller's signal, which outlives the call. */
  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#cancelSignal?.removeEventListener('abort', this.#cancelled);
    this.#onEnd.clear();
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    if (this.idleMs === undefined || this.#why) return;
    this.#idleTimer = setTimeout(() => this.#end('idle'), this.idleMs);
  }

  // A task that gives the call all the time it has left aborts it a moment before our own timer fires: that is the same
  // timeout, and the server is to answer for it.
  readonly #cancelled = (): void => {
    const reason: unknown = this.#cancelSignal?.reason;
    this.#end(reason instanceof SwitchyardError && reason.code === 'TIMEOUT' ? 'timeout' : 'cancelled');
  };
}
