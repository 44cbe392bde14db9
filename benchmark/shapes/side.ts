/** What is compared: one shape of work, done by one of two sides on one Redis with the same workers' settings. */

/** Where a side keeps its work: a Redis, and a prefix that no other side has. */
export interface Place {
  readonly url: string;
  readonly prefix: string;
}

export interface Side {
  /** One run, from its start to its result. @throws when the result is wrong, or does not come */
  readonly once: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The same on both sides, or locks and sweeps would be compared instead of shapes. */
export const SETTINGS = { concurrency: 25, lockDuration: 5_000, lockRenewTime: 1_000, stalledInterval: 1_500 };

/** Likewise how often a job is tried and how long it is kept; here these are the defaults of ours. */
const KEPT = { age: 7 * 24 * 3_600, count: 100_000 };
export const JOB = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 500 },
  removeOnComplete: KEPT,
  removeOnFail: KEPT,
};

/** How long a run may take before it counts as lost. */
export const LOST_AFTER_MS = 30_000;
