/** Follows a run until it settles: drawn live where somebody watches. */
import type { Run, RunState } from '../../queues/run-handle.js';
import { isUnsettled } from '../exit-code.js';
import type { Screen } from '../terminal.js';
import { LiveRegion } from './live-region.js';
import { progressLines } from './run.js';

const REDRAW_MS = 120;

export interface WatchOptions {
  readonly screen: Screen;
  /** Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Lines above the run's, drawn with it. */
  readonly heading?: readonly string[];
  /** Told each time the run was looked at. */
  readonly onLook?: (state: RunState) => void;
}

/** The run as it stands when it has settled, or when the time is over. */
export async function watchRun(run: Run, { screen, timeoutMs, heading = [], onLook }: WatchOptions): Promise<RunState> {
  const region = new LiveRegion(screen);
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  try {
    for (;;) {
      const left = deadline - Date.now();
      const state = await run.wait(Math.max(1, Math.min(REDRAW_MS, left)));
      onLook?.(state);
      if (!isUnsettled(state.status) || left <= REDRAW_MS) return state;
      const view = { colors: screen.colors, columns: screen.columns - 2, now: Date.now() };
      region.draw([...heading, ...progressLines(state, view)]);
    }
  } finally {
    region.clear();
  }
}
