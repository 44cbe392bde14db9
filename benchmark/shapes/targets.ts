/** The project's targets for these shapes, as in docs/performance.md. */

export type ShapeName = 'W1' | 'W2' | 'W3' | 'W3f' | 'W1b';

export type Measure = 'p50 ms' | 'runs/s' | 'scripts/run' | 'commands/run' | 'KB kept/run';

export interface Target {
  /** `ratio`: ours to the hand-written shape of the same run. `ours`: ours alone, in the measure's unit. */
  readonly of: 'ratio' | 'ours';
  readonly atLeast?: number;
  readonly atMost?: number;
}

export const TARGETS: Readonly<Record<ShapeName, Partial<Record<Measure, Target>>>> = {
  W1: {
    // One at a time a fan-out is to take hardly longer than the flow that BullMQ makes of it.
    'p50 ms': { of: 'ratio', atMost: 1.2 },
    'runs/s': { of: 'ratio', atLeast: 0.9 },
    // 7 days and 10,000 runs a workflow by default: about 120 MB of each.
    'KB kept/run': { of: 'ours', atMost: 12 },
  },
  // Two jobs of ours, the root being the classifier, against three.
  W2: { 'runs/s': { of: 'ratio', atLeast: 0.9 } },
  W3: {
    // What the log costs: an intent before and an end after each effect, both fenced, which the chain does without.
    'p50 ms': { of: 'ratio', atMost: 1.5 },
    'runs/s': { of: 'ratio', atLeast: 0.65 },
    'KB kept/run': { of: 'ours', atMost: 14 },
  },
  W3f: { 'runs/s': { of: 'ratio', atLeast: 0.6 } },
  W1b: { 'p50 ms': { of: 'ratio', atMost: 1.3 } },
};
