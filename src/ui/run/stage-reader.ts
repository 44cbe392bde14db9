/**
 * Reads a run's stages as they come into view, one page at a time. A refresh begins another look: what is in view is read
 * again, what is not when it comes into view. Nothing that was asked for is lost: a look that begins while a page is on its
 * way follows it, and a page that could not be had is tried again until it can.
 */
import { isPassing, retryPauseMs } from '../connection/retry.js';
import type { TimelinePage } from '../connection/shapes.js';
import { firstMissing, NO_STAGES, type StagePages, withPage } from './stage-pages.js';

export interface StageReaderOptions {
  readonly ask: (after: number, signal: AbortSignal) => Promise<TimelinePage>;
  /** Whether what is asked for are the stages of one state. */
  readonly chosen: boolean;
  /** Shown until it has been read again. */
  readonly known?: StagePages | undefined;
  readonly onChange: (known: StagePages) => void;
  /** What `ask` rejected with; undefined when the last page came. */
  readonly onProblem: (problem: unknown) => void;
  /** After so many failures in a row, how long until the next try. */
  readonly pauseMs?: (failures: number) => number;
}

export interface StageReader {
  /** What is in view now. */
  want(from: number, to: number): void;
  /** Something may have changed. */
  refresh(): void;
  close(): void;
}

export function createStageReader(options: StageReaderOptions): StageReader {
  const { ask, chosen, onChange, onProblem, pauseMs = retryPauseMs } = options;
  const closed = new AbortController();
  // Beyond any look of what was known before.
  let look = (options.known?.countedAt ?? NO_STAGES.countedAt) + 1;
  let known = options.known ?? NO_STAGES;
  let view = { from: 0, to: 1 };
  let busy = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function read(): Promise<void> {
    if (busy || closed.signal.aborted) return;
    clearTimeout(timer);
    timer = undefined;
    busy = true;
    let stuck = false;
    while (!closed.signal.aborted && !stuck) {
      const missing = firstMissing(known, { ...view, chosen, look });
      if (!missing) break;
      stuck = !(await page(missing));
    }
    busy = false;
  }

  /** False when there is no use in going on at once. */
  async function page(place: { readonly after: number; readonly position: number }): Promise<boolean> {
    const at = look;
    try {
      const came = await ask(place.after, closed.signal);
      if (closed.signal.aborted) return false;
      failures = 0;
      known = withPage(known, { ...place, page: came, chosen, look: at });
      onChange(known);
      onProblem(undefined);
      const missing = firstMissing(known, { ...view, chosen, look });
      // What was asked for is not there: the next event, or the next scrolling, asks again.
      return look !== at || missing?.position !== place.position;
    } catch (error) {
      if (closed.signal.aborted) return false;
      failures += 1;
      onProblem(error);
      if (isPassing(error)) timer = setTimeout(() => void read(), pauseMs(failures));
      return false;
    }
  }

  void read();
  return {
    want(from, to) {
      view = { from, to };
      // While the server refuses, scrolling asks no more often than the retry does.
      if (timer === undefined) void read();
    },
    refresh() {
      look += 1;
      void read();
    },
    close() {
      clearTimeout(timer);
      closed.abort();
    },
  };
}
