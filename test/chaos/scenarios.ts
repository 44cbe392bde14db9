/** Scenarios of faults around the engine (Redis, network, servers), beside the matrix of crashes. One line each. */

/** What a scenario is given; `folder` is its own, and removed afterwards. */
interface ScenarioEnv {
  readonly folder: string;
  /** 0 ≤ random < 1, of the printed seed. */
  readonly random: () => number;
  readonly runs: number;
  readonly quick: boolean;
}

interface ScenarioReport {
  readonly accepted: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly notes?: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly runs: number;
  readonly run: (env: ScenarioEnv) => Promise<ScenarioReport>;
}

export const SCENARIOS: readonly Scenario[] = [];
