/** The port by which effects are held against runs: what is known of many runs, without reading any of them whole. */
import type { FinalStatus } from './facts.js';

/** As much of a run as tells whether it knows of its effects. */
export interface KnownRun {
  readonly version: number;
  /** Absent until it has ended. */
  readonly status?: FinalStatus;
  /** Of the stages asked about: those whose intent or end is recorded. */
  readonly recorded: ReadonlySet<string>;
  /** Of the stages asked about: those whose undo is recorded as done. */
  readonly undone: ReadonlySet<string>;
}

export interface KnownRuns {
  /** By run id; a run that is not here is not there. */
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** Milliseconds since the epoch: a run of this workflow that ended since then is still kept. */
  readonly keptSince: number;
}

/** Tells of many runs of one workflow whether and what they know of some stages. A page costs one script. */
export interface RunKnowledge {
  of(workflow: string, stages: ReadonlyMap<string, readonly string[]>): Promise<KnownRuns>;
}
