/** Follows a run until it settles: drawn live where somebody watches. */
import type { Run, RunState } from '../../queues/run-handle.js';
import { isUnsettled } from '../exit-code.js';
import type { Screen } from '../terminal.js';
import { LiveRegion } from './live-region.js';
import { progressLines } from './run.js';

const REDRAW_MS = 120;
/** The run's heading, and the line that the cursor is in. */
const ABOVE_AND_BELOW = 2;

export interface WatchOptions {
  readonly screen: Screen;
  /** Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Resolves when nobody waits any longer. */
  readonly stopped: Promise<unknown>;
  /** Told each time the run was looked at. */
  readonly onLook?: (state: RunState) => void;
}

/** The run as it stands when it has settled, or when the time is over; undefined when the wait was stopped. */
export async function watchRun(run: Run, options: WatchOptions): Promise<RunState | undefined> {
  const { screen, timeoutMs, stopped, onLook } = options;
  const region = new LiveRegion(screen);
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  const interrupted = stopped.then(() => undefined);
  try {
    for (;;) {
      const left = deadline - Date.now();
      const look = run.wait(Math.max(1, Math.min(REDRAW_MS, left)));
      const state = await Promise.race([look, interrupted]);
      if (state === undefined) {
        // It fails when its connection is closed under it, and nobody is there to be told.
        look.catch(() => undefined);
        return undefined;
      }
      onLook?.(state);
      if (!isUnsettled(state.status) || left <= REDRAW_MS) return state;
      const { colors, columns, rows } = screen;
      region.draw(
        progressLines(state, { colors, columns: columns - 2, now: Date.now(), rows: rows - ABOVE_AND_BELOW }),
      );
    }
  } finally {
    region.clear();
  }
}
