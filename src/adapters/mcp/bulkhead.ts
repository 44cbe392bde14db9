/**
 * How many calls one server has at once: a slow one must not take every job of the worker with it. The next ones wait in
 * line, the first come first; beyond the line, and beyond a call's own patience, they are turned away unasked.
 */

export interface BulkheadLimits {
  /** Calls at once. */
  readonly concurrent: number;
  /** Calls in line. */
  readonly waiting: number;
}

export type Entry = 'entered' | 'line-full' | 'waited-too-long';

type Waiter = (entry: Entry) => void;

export class Bulkhead {
  readonly #limits: BulkheadLimits;
  readonly #line = new Set<Waiter>();
  #inside = 0;

  constructor(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Whoever entered must {@link leave}; whoever did not must not. Rejects with the signal's reason when it is aborted. */
  async enter(patienceMs: number, signal: AbortSignal): Promise<Entry> {
    signal.throwIfAborted();
    if (this.#inside < this.#limits.concurrent) {
      this.#inside += 1;
      return 'entered';
    }
    return this.#line.size >= this.#limits.waiting ? 'line-full' : await this.#standInLine(patienceMs, signal);
  }

  leave(): void {
    const [next] = this.#line;
    // The place is handed on: one that were free for a moment could be taken by somebody who has not waited.
    if (next) next('entered');
    else this.#inside -= 1;
  }

  #standInLine(patienceMs: number, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const stepOut = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', aborted);
        this.#line.delete(waiter);
      };
      const waiter: Waiter = (entry) => {
        stepOut();
        resolve(entry);
      };
      const aborted = (): void => {
        stepOut();
        reject(signal.reason);
      };
      const timer = setTimeout(() => waiter('waited-too-long'), patienceMs);
      signal.addEventListener('abort', aborted, { once: true });
      this.#line.add(waiter);
    });
  }
}
