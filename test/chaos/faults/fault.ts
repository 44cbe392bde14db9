/** What a fault scenario is given, and what it hands back. `npm run chaos` runs them at size, the suite a small one. */

export interface FaultEnv {
  /** A folder of the scenario's own; whoever made it removes it. */
  readonly folder: string;
  /** 0 ≤ random < 1, of the seed that is printed: decides when and where a fault strikes. */
  readonly random: () => number;
  /** How many runs are started. */
  readonly runs: number;
  /**
   * Locks that run out quickly, for a run inside the test suite. Without it the workers are the shipped command, with the
   * defaults that a user has.
   */
  readonly quick: boolean;
}

export interface FaultReport {
  /** Runs that the client was told are accepted: its own journal, which no fault of ours can reach. */
  readonly accepted: readonly string[];
  /** Figures for whoever reads the report: ends by status, milliseconds, what was refused. */
  readonly counts: Readonly<Record<string, number>>;
  /** How often each fault struck. A scenario whose fault never struck proves nothing, and says so as a violation. */
  readonly faults: Readonly<Record<string, number>>;
  /** What did not hold, as sentences; empty when all is well. */
  readonly violations: readonly string[];
  /** What could not be done on this machine, and what was done instead. */
  readonly notes: readonly string[];
  /**
   * Keys of effects that stand in the shop's books, and in no run's log: their record was lost with Redis. Input for a
   * reconciler from the ledger's side.
   */
  readonly orphans: readonly string[];
}

export type FaultScenario = (env: FaultEnv) => Promise<FaultReport>;
