/** One thing that the demo shows. */
import type { RunState } from '../../queues/run-handle.js';
import type { Show } from './show.js';
import type { Stage } from './stage.js';

export interface Outcome {
  readonly runs: readonly RunState[];
  /** What should have been and was not; empty when all is as it should. */
  readonly complaints: readonly string[];
  /** What happened, for people who do not program. */
  readonly sentence: string;
}

export interface Scenario {
  readonly title: string;
  /** What is about to be seen. */
  readonly story: string;
  play(stage: Stage, show: Show): Promise<Outcome>;
}

/** Complaints of the expectations that do not hold, each said as it should be. */
export function unmet(expectations: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(expectations).flatMap(([expectation, holds]) => (holds ? [] : [expectation]));
}

/** The output of a run that has one. */
export function outputOf<Out>(state: RunState<Out>): Out | undefined {
  return 'output' in state ? state.output : undefined;
}

export function tookMs({ createdAt, finishedAt }: RunState): number {
  return (finishedAt ?? Date.now()) - createdAt;
}
