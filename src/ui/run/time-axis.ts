/**
 * One axis for all bars of a run. A run that waited a day for a person between two seconds of work would show two dots: idle
 * stretches that are long beside the work are drawn as a short break, and the break says how long it was. Pure.
 */
import type { TimelineEntry } from '../connection/shapes.js';
import { durationText } from '../words/duration.js';

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Tick {
  /** 0 to 1. */
  readonly at: number;
  readonly label: string;
}

export interface TimeAxis {
  /** Place of a moment, 0 to 1. */
  readonly place: (at: number) => number;
  readonly ticks: readonly Tick[];
  /** Places of the breaks, and how long nothing happened. */
  readonly breaks: readonly Tick[];
}

/** An idle stretch is a break when it is longer than this many times all the work. */
const IDLE_FACTOR = 2;
const SHORTEST_BREAK_MS = 5_000;
/** Width of a break beside the work, as a share of the work. */
const BREAK_SHARE = 0.06;
const WANTED_TICKS = 5;

/** When a stage was at work; a waiting one never was. */
export function spanOf({ startedAt, finishedAt, state, attempts }: TimelineEntry, now: number): Span | undefined {
  if (startedAt === null) return undefined;
  const last = attempts.at(-1)?.finishedAt ?? startedAt;
  return { from: startedAt, to: Math.max(startedAt, finishedAt ?? (state === 'running' ? now : last)) };
}

/** @param spans undefined where not all are known: then nothing is cut out */
export function axisOf(spans: readonly Span[] | undefined, from: number, to: number): TimeAxis {
  const pieces = workAndIdle(spans ?? [{ from, to }], from, Math.max(to, from + 1));
  const work = pieces.reduce((sum, piece) => sum + (piece.busy ? piece.to - piece.from : 0), 0);
  const isBreak = (piece: Piece) =>
    !piece.busy && piece.to - piece.from > Math.max(SHORTEST_BREAK_MS, work * IDLE_FACTOR);
  const kept = pieces.reduce((sum, piece) => sum + (isBreak(piece) ? 0 : piece.to - piece.from), 0);
  const widths = pieces.map((piece) => (isBreak(piece) ? Math.max(1, kept) * BREAK_SHARE : piece.to - piece.from));
  const whole = widths.reduce((total, width) => total + width, 0);
  let sum = 0;
  const starts = widths.map((width) => {
    sum += width;
    return (sum - width) / whole;
  });

  const place = (at: number): number => {
    const found = Math.max(
      0,
      pieces.findLastIndex((piece) => piece.from <= at),
    );
    const piece = pieces[found];
    if (!piece) return 0;
    const share = Math.min(1, Math.max(0, (at - piece.from) / Math.max(1, piece.to - piece.from)));
    return (starts[found] ?? 0) + (share * (widths[found] ?? 0)) / whole;
  };
  const breaks = pieces
    .filter(isBreak)
    .map((piece) => ({ at: (place(piece.from) + place(piece.to)) / 2, label: durationText(piece.to - piece.from) }));
  const inBreak = (at: number) => pieces.some((piece) => isBreak(piece) && at > piece.from && at < piece.to);
  const ticks = tickTimes(from, kept, to)
    .filter((at) => !inBreak(at))
    .map((at) => ({ at: place(at), label: at === from ? '0' : `+${tickText(at - from)}` }));
  return { place, ticks: apart(ticks), breaks };
}

interface Piece extends Span {
  readonly busy: boolean;
}

function workAndIdle(spans: readonly Span[], from: number, to: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let reached = from;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const begins = Math.max(span.from, reached);
    const ends = Math.min(Math.max(span.to, begins), to);
    if (begins > reached) pieces.push({ from: reached, to: begins, busy: false });
    const before = pieces.at(-1);
    if (ends > begins && before?.busy && before.to === begins) pieces.splice(-1, 1, { ...before, to: ends });
    else if (ends > begins) pieces.push({ from: begins, to: ends, busy: true });
    reached = Math.max(reached, ends);
  }
  if (reached < to) pieces.push({ from: reached, to, busy: false });
  return pieces;
}

/** Round distances: 1, 2 or 5 of a power of ten below a minute, then what clocks count in. */
const STEPS_MS = [1, 2, 5]
  .flatMap((digit) => [1, 10, 100, 1_000, 10_000].map((power) => digit * power))
  .concat([30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000])
  .sort((a, b) => a - b);

function tickTimes(from: number, length: number, to: number): readonly number[] {
  const step = STEPS_MS.find((ms) => length / ms <= WANTED_TICKS) ?? length;
  const count = Math.min(200, Math.floor((to - from) / step));
  return Array.from({ length: count + 1 }, (_none, at) => from + at * step);
}

function tickText(ms: number): string {
  return ms < 60_000 && ms >= 1_000 ? `${Number((ms / 1_000).toFixed(1))} s` : durationText(ms);
}

/** Labels that would overlap are left out. */
function apart(ticks: readonly Tick[]): readonly Tick[] {
  const kept: Tick[] = [];
  for (const tick of ticks) {
    const last = kept.at(-1);
    if (!last || tick.at - last.at > 0.1) kept.push(tick);
  }
  return kept;
}
