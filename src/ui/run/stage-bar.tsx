/**
 * One stage on the axis: each attempt a bar, a failed one hatched, the pause between two dotted; so nothing is told by colour
 * alone. For those who see none of it the row says the same in words, and this is left out.
 */
import type { TimelineEntry } from '../connection/shapes.js';
import type { TimeAxis } from './time-axis.js';

interface StageBarProps {
  readonly entry: TimelineEntry;
  readonly axis: TimeAxis;
  readonly now: number;
  /** Whether the run has ended. */
  readonly over: boolean;
}

export function StageBar({ entry, axis, now, over }: StageBarProps) {
  const pieces = piecesOf(entry, now, over);
  return (
    <div class={`bars ${entry.kind}`} aria-hidden="true">
      {pieces.map(({ look, from, to }, at) => {
        const left = axis.place(from);
        const width = Math.max(0, axis.place(to) - left);
        return <i key={at} class={look} style={{ '--at': String(left), '--long': String(width) }} />;
      })}
    </div>
  );
}

interface BarPiece {
  readonly look: 'ok' | 'failed' | 'running' | 'pause';
  readonly from: number;
  readonly to: number;
}

function piecesOf(
  { startedAt, finishedAt, state, attempts }: TimelineEntry,
  now: number,
  over: boolean,
): readonly BarPiece[] {
  if (startedAt === null) return [];
  const pieces: BarPiece[] = [];
  let reached = startedAt;
  for (const attempt of attempts) {
    const from = attempt.startedAt ?? reached;
    const to = attempt.finishedAt ?? finishedAt ?? from;
    if (from > reached) pieces.push({ look: 'pause', from: reached, to: from });
    pieces.push({ look: attempt.error ? 'failed' : 'ok', from, to });
    reached = to;
  }
  if (state === 'waiting' && !over) pieces.push({ look: 'pause', from: reached, to: Math.max(now, reached) });
  if (state === 'running') pieces.push({ look: 'running', from: reached, to: Math.max(now, reached) });
  return pieces;
}
