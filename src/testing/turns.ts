/**
 * Who may carry out jobs of a world, and when: one after the other, or a run of a test would be carried out by every line
 * that waits for it. A call that comes from inside a job cannot wait for its turn, since that job has it: it is part of the
 * job, which is not over before it is.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface Place {
  /** The last that was asked for here. */
  last: Promise<unknown>;
  isOver: boolean;
}

export class Turns {
  readonly #inside = new AsyncLocalStorage<Place>();
  readonly #outside: Place = { last: Promise.resolve(), isOver: false };

  /** Does it when everything that was asked for before, in the same place, is done. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const job = this.#inside.getStore();
    // Code that goes on after its job has ended is outside like any other.
    const place = job && !job.isOver ? job : this.#outside;
    const turn = place.last.then(work);
    place.last = turn.catch(() => undefined);
    return turn;
  }

  /** Does a job: what is asked for while it lasts, by what it calls, is done inside of it. */
  async job<T>(work: () => Promise<T>): Promise<T> {
    const place: Place = { last: Promise.resolve(), isOver: false };
    try {
      return await this.#inside.run(place, work);
    } finally {
      for (let last: unknown; last !== place.last; ) {
        last = place.last;
        await last;
      }
      place.isOver = true;
    }
  }
}
