/** The sizes of what `npm run chaos` runs, and what is asked of it. */
import type { WorkerSettings } from '../../src/worker-settings.js';

/**
 * Locks that run out quickly: what is tested is what happens then, not how long it takes. Few jobs at once, since each kill
 * hits its neighbours too, together and again, and a job is given up when it has lost its sixth worker.
 */
export const QUICK_SETTINGS: Partial<WorkerSettings> = {
  lockDurationMs: 1_500,
  lockRenewMs: 400,
  stalledIntervalMs: 400,
  concurrency: 2,
};

/** One seed. */
export const LANE = { runs: 300, struck: 0.5, freezes: 8, active: 5, spares: 4, window: 16 } as const;

/** Of the same seed, on workers that end effects as a Worker that is not ours does. */
export const PLAIN = { ...LANE, runs: 80, freezes: 4 } as const;

/** Runs on workers with the shipped settings, to measure how soon they go on. */
export const AT_DEFAULTS = { runs: 6, active: 2, spares: 3, window: 6 } as const;

/** What the shipped settings promise. */
export const RECOVERY_LIMIT_MS = 10_000;
