/** Lets a call that is to be late wait until a later one of the same stage has been answered. */

/** A stage whose caller makes no second call must not hold its first back for ever. */
const LONGEST_MS = 5_000;

export class CallOrder {
  readonly #waiting = new Map<string, () => void>();

  /** Resolves when {@link answered} is told of the same stage, or after five seconds. */
  overtaken(stage: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LONGEST_MS);
      this.#waiting.set(stage, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  answered(stage: string): void {
    this.#waiting.get(stage)?.();
    this.#waiting.delete(stage);
  }
}
