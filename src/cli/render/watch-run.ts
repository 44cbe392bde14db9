/** Follows a run until it settles, through any outage of Redis: drawn live where somebody watches. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOutage, type Run, type RunState } from '../../queues/run-handle.js';
import { isUnsettled } from '../exit-code.js';
import type { Screen } from '../terminal.js';
import { LiveRegion } from './live-region.js';
import { progressLines } from './run.js';

const REDRAW_MS = 120;
/** Between two looks while Redis does not answer. */
const OUTAGE_PAUSE_MS = 500;
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
  /** Told each time Redis did not answer; the run goes on wherever its workers reach it. */
  readonly onOutage?: (thrown: unknown) => void;
}

/** The run as it was seen last, when it has settled or the time is over; undefined where it was not seen at all. */
export interface Watched {
  readonly state: RunState | undefined;
  /** Nobody waits any longer. */
  readonly stopped: boolean;
}

export async function watchRun(run: Run, options: WatchOptions): Promise<Watched> {
  const { screen, timeoutMs, stopped, onLook, onOutage } = options;
  const region = new LiveRegion(screen);
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  const interrupted = stopped.then(() => 'stopped' as const);
  let state: RunState | undefined;
  try {
    for (;;) {
      const left = deadline - Date.now();
      const look = run.wait(Math.max(1, Math.min(REDRAW_MS, left))).catch((thrown: unknown) => {
        if (!isOutage(thrown)) throw thrown;
        onOutage?.(thrown);
      });
      const seen = await Promise.race([look, interrupted]);
      if (seen === 'stopped') {
        // It fails when its connection is closed under it, and nobody is there to be told.
        look.catch(() => undefined);
        return { state, stopped: true };
      }
      if (!seen) {
        if (left <= REDRAW_MS) return { state, stopped: false };
        await Promise.race([delay(Math.min(OUTAGE_PAUSE_MS, left)), interrupted]);
        continue;
      }
      state = seen;
      onLook?.(state);
      if (!isUnsettled(state.status) || left <= REDRAW_MS) return { state, stopped: false };
      const { colors, columns, rows } = screen;
      region.draw(
        progressLines(state, { colors, columns: columns - 2, now: Date.now(), rows: rows - ABOVE_AND_BELOW }),
      );
    }
  } finally {
    region.clear();
  }
}
