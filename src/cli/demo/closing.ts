/** What was opened is closed in reverse, all of it, whatever fails on the way. */
export class Closing {
  readonly #steps: (() => Promise<void>)[] = [];
  #closed: Promise<void> | undefined;

  /** What is opened after the closing has begun is closed at once. */
  add(step: () => Promise<void>): void {
    if (this.#closed) this.#closed = this.#closed.then(step);
    else this.#steps.push(step);
  }

  /** May be called twice; rejects with the first failure once everything has been tried. */
  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
