/** One shape on both sides, in turns: whatever else the machine does meanwhile falls on both alike. */
import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import { createLogger } from '../../src/adapters/logger.js';
import { deletePrefix } from '../../src/cli/delete-prefix.js';
import { memoryUsed, type Work, workDone } from './redis-costs.js';
import type { Place, Side } from './side.js';
import type { Measure, ShapeName } from './targets.js';

export interface Shape {
  readonly name: ShapeName;
  readonly what: string;
  readonly ours: (place: Place) => Promise<Side>;
  readonly raw: (place: Place) => Promise<Side>;
  /** Runs of one turn that follow one another, each once the one before has ended. */
  readonly alone: number;
  /** Runs of one turn that are in flight together, {@link IN_FLIGHT} at a time. */
  readonly burst?: number;
  /** Ended runs of ours whose memory is measured. */
  readonly kept?: number;
}

/** The middle of all turns, for each side. */
export interface Row {
  readonly shape: ShapeName;
  readonly measure: Measure;
  readonly ours: number;
  readonly raw?: number;
}

const IN_FLIGHT = 50;

class Samples {
  readonly ms: number[] = [];
  readonly rates: number[] = [];
  readonly scripts: number[] = [];
  readonly commands: number[] = [];

  constructor(
    private readonly side: Side,
    private readonly redis: Redis,
  ) {}

  async turn({ alone, burst = 0 }: Shape): Promise<void> {
    const first = await workDone(this.redis);
    for (let run = 0; run < alone; run += 1) {
      const begun = performance.now();
      await this.side.once();
      this.ms.push(performance.now() - begun);
    }
    const then = await workDone(this.redis);
    // One at a time, how often idle workers look for jobs in vain is a matter of chance; in bursts there are jobs.
    if (burst === 0) return this.count(first, then, alone);
    const begun = performance.now();
    await inFlight(this.side, burst);
    this.rates.push((1_000 * burst) / (performance.now() - begun));
    this.count(then, await workDone(this.redis), burst);
  }

  private count(before: Work, after: Work, runs: number): void {
    this.scripts.push((after.scripts - before.scripts) / runs);
    this.commands.push((after.commands - before.commands) / runs);
  }
}

async function inFlight(side: Side, runs: number): Promise<void> {
  let left = runs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await side.once();
    }
  };
  await Promise.all(Array.from({ length: Math.min(runs, IN_FLIGHT) }, lane));
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export async function measure(shape: Shape, redis: Redis, url: string, turns: number): Promise<readonly Row[]> {
  const stamp = Date.now();
  const [oursAt, rawAt]: [Place, Place] = [
    { url, prefix: `{sy${stamp}}` },
    { url, prefix: `{raw${stamp}}` },
  ];
  const ours = await shape.ours(oursAt);
  const raw = await shape.raw(rawAt);
  try {
    // The first turn warms up: code is compiled, scripts are loaded.
    for (const side of [ours, raw]) await new Samples(side, redis).turn(shape);
    const kept = shape.kept === undefined ? [] : [await keptBy(ours, shape.kept, redis)];
    const [left, right] = [new Samples(ours, redis), new Samples(raw, redis)];
    for (let turn = 0; turn < turns; turn += 1) {
      for (const samples of turn % 2 === 0 ? [right, left] : [left, right]) await samples.turn(shape);
    }
    const row = (measure: Measure, of: (samples: Samples) => readonly number[]): Row[] =>
      of(left).length === 0 ? [] : [{ shape: shape.name, measure, ours: median(of(left)), raw: median(of(right)) }];
    return [
      ...row('p50 ms', ({ ms }) => ms),
      ...row('runs/s', ({ rates }) => rates),
      ...row('scripts/run', ({ scripts }) => scripts),
      ...row('commands/run', ({ commands }) => commands),
      ...kept.map((kb): Row => ({ shape: shape.name, measure: 'KB kept/run', ours: kb })),
    ];
  } finally {
    await Promise.all([ours.close(), raw.close()]);
    for (const { prefix } of [oursAt, rawAt]) await deletePrefix(url, prefix, createLogger());
  }
}

/**
 * KB of Redis's memory for each of so many runs that have ended. Measured while there is little else: a table of keys
 * that doubles because of all the runs before would be counted as theirs.
 */
async function keptBy(side: Side, runs: number, redis: Redis): Promise<number> {
  const before = await memoryUsed(redis);
  await inFlight(side, runs);
  return ((await memoryUsed(redis)) - before) / 1_024 / runs;
}
