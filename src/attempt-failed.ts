/** How the delay that our policy gives a failed attempt comes to BullMQ, which asks for it in `backoffStrategy`. */

export class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  constructor(
    reason: string,
    readonly delayMs: number,
  ) {
    super(reason);
    // The reason carries the error; a stack of ours on every failed job would only cost Redis memory.
    this.stack = reason;
  }
}

/** The delay that our policy gave this attempt, for the Worker's `backoffStrategy`. */
export function delayOf(error: unknown): number {
  return error instanceof AttemptFailed ? error.delayMs : 0;
}
