/**
 * One poller per thing that is watched, however many watch it; it begins with the first and ends with the last. It keeps the
 * states that it has told by their names, so that a watcher who comes back is told the difference.
 */
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';

export interface SharedPollOptions<State> {
  readonly read: (key: string) => Promise<State>;
  readonly idOf: (state: State) => string;
  /** After a read, how long until the next. */
  readonly everyMs: (state: State) => number;
  /** Whether nothing comes after this state. */
  readonly isLast: (state: State) => boolean;
  readonly log: Logger;
  /** Pause after a read that failed. Default 1 s. */
  readonly retryMs?: number;
}

export interface Watch<State> {
  readonly state: State;
  /** A state that was told earlier, while somebody watched. */
  known(id: string): State | undefined;
  leave(): void;
}

export interface Listener<State> {
  changed(state: State): void;
  /** Nothing more is told: its retention is over, or it cannot be looked at. Whoever comes back is told which. */
  gone(): void;
}

export interface SharedPolls<State> {
  /** Rejects when what is asked for cannot be read. */
  watch(key: string, listener: Listener<State>): Promise<Watch<State>>;
  /** For tests and metrics: what is being polled. */
  keys(): readonly string[];
}

/** States of one poller that a watcher can come back to: at two a second the last half minute. */
const KEPT_STATES = 64;
const RETRY_MS = 1_000;
/**
 * After so many in a row nobody is kept waiting: a stream that stays open says that what it has told is how things stand, and
 * so the page would say "live" for as long as Redis is away.
 */
const FAILURES_ALLOWED = 2;

interface Poller<State> {
  readonly listeners: Set<Listener<State>>;
  readonly told: Map<string, State>;
  readonly first: Promise<State>;
  current: State | undefined;
  /** Reads in a row that failed. */
  failures: number;
}

export function createSharedPolls<State>(options: SharedPollOptions<State>): SharedPolls<State> {
  const { read, idOf, everyMs, isLast, log, retryMs = RETRY_MS } = options;
  const pollers = new Map<string, Poller<State>>();

  function remember(poller: Poller<State>, state: State): boolean {
    const id = idOf(state);
    const changed = poller.current === undefined || idOf(poller.current) !== id;
    poller.current = state;
    poller.told.set(id, state);
    const [oldest] = poller.told.keys();
    if (poller.told.size > KEPT_STATES && oldest !== undefined) poller.told.delete(oldest);
    return changed;
  }

  function end(key: string, poller: Poller<State>): void {
    if (pollers.get(key) === poller) pollers.delete(key);
  }

  async function look(key: string, poller: Poller<State>): Promise<number | 'over'> {
    try {
      const state = await read(key);
      poller.failures = 0;
      if (remember(poller, state)) for (const listener of [...poller.listeners]) listener.changed(state);
      return isLast(state) ? 'over' : everyMs(state);
    } catch (thrown) {
      const unknown = thrown instanceof SwitchyardError && thrown.code === 'UNKNOWN_RUN';
      poller.failures += 1;
      const isLost = poller.failures >= FAILURES_ALLOWED;
      if (!unknown) {
        // The message alone: an error of the client carries the command's arguments.
        const what = { watched: key, reason: toSwitchyardError(thrown).message };
        if (isLost) log.warn(what, 'what is watched cannot be looked at; its streams are ended');
        else log.debug(what, 'looking again failed; the next look follows');
      }
      if (!unknown && !isLost) return retryMs;
      // Before anybody is told: who comes back at once begins another poller.
      end(key, poller);
      for (const listener of [...poller.listeners]) listener.gone();
      return 'over';
    }
  }

  function goOn(key: string, poller: Poller<State>, afterMs: number): void {
    const timer = setTimeout(async () => {
      if (poller.listeners.size === 0) return end(key, poller);
      const next = await look(key, poller);
      if (next === 'over' || poller.listeners.size === 0) end(key, poller);
      else goOn(key, poller, next);
    }, afterMs);
    timer.unref();
  }

  function begin(key: string): Poller<State> {
    const poller: Poller<State> = {
      listeners: new Set(),
      told: new Map(),
      first: read(key),
      current: undefined,
      failures: 0,
    };
    pollers.set(key, poller);
    poller.first.then(
      (state) => {
        remember(poller, state);
        if (isLast(state)) end(key, poller);
        else goOn(key, poller, everyMs(state));
      },
      () => end(key, poller),
    );
    return poller;
  }

  return {
    async watch(key, listener) {
      const poller = pollers.get(key) ?? begin(key);
      // Before the first state is there: a poller without listeners ends itself.
      poller.listeners.add(listener);
      const leave = () => {
        poller.listeners.delete(listener);
        if (poller.listeners.size === 0) end(key, poller);
      };
      try {
        const first = await poller.first;
        return { state: poller.current ?? first, known: (id) => poller.told.get(id), leave };
      } catch (error) {
        leave();
        throw error;
      }
    },
    keys: () => [...pollers.keys()],
  };
}
