/**
 * A call that waits for a run: progress while it does, and an answer in time.
 *
 * - The run's id is told before anything else: whoever loses the call can ask for the run.
 * - A call never waits longer than its limit, which is below the time after which clients give up: it then answers "still
 *   running", and the run goes on.
 * - A call that is cancelled, or whose client is gone, stops waiting. The run goes on, unless the call was to take it along.
 * - MCP wants each progress to be more than the one before. Between two stages that end it grows by ever smaller parts of one,
 *   for clients that take silence for a hang.
 */
import type { Run, RunState } from '../../queues/run-handle.js';
import { isSettled, RUN_META, stagesOf } from './run-answer.js';

/** Between two looks at a run: a wide one is a long read. */
const LOOK_MS = { first: 100, longest: 500, wide: 5_000 } as const;
const WIDE_RUN = 200;
/** Clients commonly give up after 60 s without a word; proxies after 30. */
const SIGN_OF_LIFE_MS = 10_000;

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

/** The run as it stands when it has settled, or at the limit; undefined when nobody waits any longer. */
export async function followRun(run: Run, { waitMs, signal, listener }: Following): Promise<RunState | undefined> {
  const deadline = performance.now() + waitMs;
  const teller = new Teller(run.id, listener);
  await teller.accepted(run.duplicate);
  let lookMs: number = LOOK_MS.first;
  for (;;) {
    const left = deadline - performance.now();
    const state = await unlessAborted(run.wait(Math.max(0, Math.ceil(Math.min(lookMs, left)))), signal);
    if (state === undefined) return undefined;
    const last = isSettled(state) || left <= lookMs;
    await teller.tell(state, last);
    if (last) return state;
    lookMs = state.timeline.length > WIDE_RUN ? LOOK_MS.wide : Math.min(2 * lookMs, LOOK_MS.longest);
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

  async #progress(progress: Omit<Progress, '_meta'>): Promise<void> {
    this.#toldAt = performance.now();
    await this.listener.progress({ ...progress, _meta: { [RUN_META]: this.run } });
  }
}
