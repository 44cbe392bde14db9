/**
 * How long one call may take, attempts in place included, and why it ended early.
 */
import { setTimeout as delay } from 'node:timers/promises';

export type EarlyEnd = 'timeout' | 'cancelled';

export class EndedEarly extends Error {
  constructor(readonly why: EarlyEnd) {
    super(`the call ended early: ${why}`);
  }
}

export class CallDeadline {
  readonly #timer: NodeJS.Timeout;
  readonly #cancelSignal: AbortSignal | undefined;
  readonly #ended: Promise<never>;
  #why: EarlyEnd | undefined;
  #end: (why: EarlyEnd) => void = () => {};
  readonly #onEnd = new Set<(why: EarlyEnd) => void>();

  constructor(timeoutMs: number, cancelSignal: AbortSignal | undefined) {
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
    this.#timer = setTimeout(() => this.#end('timeout'), timeoutMs);
    cancelSignal?.addEventListener('abort', this.#cancelled, { once: true });
    if (cancelSignal?.aborted) this.#end('cancelled');
  }

  get why(): EarlyEnd | undefined {
    return this.#why;
  }

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
    this.#cancelSignal?.removeEventListener('abort', this.#cancelled);
    this.#onEnd.clear();
  }

  readonly #cancelled = (): void => this.#end('cancelled');
}
