/**
 * A call that waits for a run: progress while it does, and an answer in time.
 *
 * - The run's id is told before anything else: whoever loses the call can ask for the run.
 * - A call never waits longer than its limit, which is below the time after which clients give up: it then answers "still
 *   running", and the run goes on.
 * - A Redis that does not answer is no end of the wait: the run goes on wherever its workers reach it. What was seen last is
 *   the answer at the limit.
 * - A call that is cancelled, or whose client is gone, stops waiting. The run goes on, unless the call was to take it along.
 * - MCP wants each progress to be more than the one before. Between two stages that end it grows by ever smaller parts of one,
 *   for clients that take silence for a hang.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isOutage, type Run, type RunState } from '../../queues/run-handle.js';
import { isSettled, RUN_META, stagesOf } from './run-answer.js';

/** Between two looks at a run: a wide one is a long read. */
const LOOK_MS = { first: 100, longest: 500, wide: 5_000 } as const;
const WIDE_RUN = 200;
/** Clients commonly give up after 60 s without a word; proxies after 30. */
const SIGN_OF_LIFE_MS = 10_000;
/** Between two looks while Redis does not answer. */
const OUTAGE_PAUSE_MS = 500;

export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
  readonly _meta: Readonly<Record<string, unknown>>;
}

export interface Listener {
  /** For the client, when it asked for progress. */
  progress(progress: Progress): Promise<void>;
  /** For its log, when it takes one. */
  log(message: string, run: string): Promise<void>;
}

export interface Following {
  readonly waitMs: number;
  /** The call is cancelled, or its client is gone. */
  readonly signal: AbortSignal;
  readonly listener: Listener;
}

/** What was seen of the run last; or why it could not be looked at, not once in all the time. */
export type Followed = { readonly state: RunState } | { readonly outage: unknown };

/** Resolves when the run has settled, or at the limit; to undefined when nobody waits any longer. */
export async function followRun(run: Run, { waitMs, signal, listener }: Following): Promise<Followed | undefined> {
  const deadline = performance.now() + waitMs;
  const teller = new Teller(run.id, listener);
  await teller.accepted(run.duplicate);
  let lookMs: number = LOOK_MS.first;
  let seen: Followed | undefined;
  for (;;) {
    const left = deadline - performance.now();
    const look = await unlessAborted(lookAt(run, Math.max(0, Math.ceil(Math.min(lookMs, left)))), signal);
    if (look === undefined) return undefined;
    if ('state' in look || seen === undefined) seen = look;
    const last = left <= lookMs || ('state' in look && isSettled(look.state));
    if ('state' in look) await teller.tell(look.state, last);
    if (last) return seen;
    if ('state' in look) {
      lookMs = look.state.timeline.length > WIDE_RUN ? LOOK_MS.wide : Math.min(2 * lookMs, LOOK_MS.longest);
    } else {
      await teller.unanswered();
      await delay(Math.min(OUTAGE_PAUSE_MS, left), undefined, { signal }).catch(() => undefined);
    }
  }
}

async function lookAt(run: Run, waitMs: number): Promise<Followed> {
  try {
    return { state: await run.wait(waitMs) };
  } catch (thrown) {
    if (!isOutage(thrown)) throw thrown;
    return { outage: thrown };
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Nobody is there to be told, when the connection is closed under it.
    work.catch(() => undefined);
  }
}

class Teller {
  #ended = 0;
  #signs = 0;
  #toldAt = performance.now();
  readonly #states = new Map<string, string>();

  constructor(
    private readonly run: string,
    private readonly listener: Listener,
  ) {}

  async accepted(duplicate: boolean): Promise<void> {
    const message = `run ${this.run} ${duplicate ? 'is known already, by its key: this call attaches to it' : 'is accepted'}`;
    await this.listener.log(message, this.run);
    await this.#progress({ progress: 0, message });
  }

  /**
   * @param last the answer follows, which says as much: a progress that arrives together with it finds its call gone, and
   *   clients report it as an error
   */
  async tell(state: RunState, last: boolean): Promise<void> {
    for (const { name, state: stage, attempts } of state.timeline.slice(0, WIDE_RUN)) {
      const now = `${stage}${attempts.length > 1 ? `, attempt ${attempts.length}` : ''}`;
      const before = this.#states.get(name);
      this.#states.set(name, now);
      if (before !== now && stage !== 'waiting') await this.listener.log(`${name}: ${now}`, this.run);
    }
    if (last) return;
    const { ended, known } = stagesOf(state);
    const more = ended > this.#ended;
    if (!more && performance.now() - this.#toldAt < SIGN_OF_LIFE_MS) return;
    this.#signs = more ? 0 : this.#signs + 1;
    this.#ended = Math.max(ended, this.#ended);
    const progress = this.#ended + this.#signs / (this.#signs + 1);
    const running = state.timeline.filter((entry) => entry.state === 'running').map(({ name }) => name);
    await this.#progress({
      progress,
      // A router learns of its escalation late: what is done never counts as more than there is.
      total: Math.max(known, Math.ceil(progress)),
      message: `${state.status}, ${ended} of ${known} stages${running.length > 0 ? `; now ${running.slice(0, 5).join(', ')}` : ''}`,
    });
  }

  async unanswered(): Promise<void> {
    if (performance.now() - this.#toldAt < SIGN_OF_LIFE_MS) return;
    this.#signs += 1;
    const message = 'Redis does not answer; the run goes on wherever its workers reach it';
    await this.#progress({ progress: this.#ended + this.#signs / (this.#signs + 1), message });
  }

  async #progress(progress: Omit<Progress, '_meta'>): Promise<void> {
    this.#toldAt = performance.now();
    await this.listener.progress({ ...progress, _meta: { [RUN_META]: this.run } });
  }
}
