/**
 * A run's timeline as bars on one time axis: branches that ran at once stand under each other, a saga's steps make a
 * staircase down, and its undos the way back. Of a long list a few stand for all.
 */
import type { TimelineAttempt, TimelineEntry } from '../../orchestrators/timeline.js';
import { type Colors, clip, oneLine, wrap } from '../terminal.js';
import { durationText } from './duration.js';
import { foldEntries } from './fold-entries.js';
import { markOf } from './status.js';
import { padTo } from './table.js';

export interface TimelineView {
  readonly colors: Colors;
  /** Of the whole line. */
  readonly columns: number;
  /** Where the bar of what is still running ends. */
  readonly now: number;
  /** Most entries, when it is fewer than are shown anyway. */
  readonly rows?: number | undefined;
}

const MARK_AND_GAPS = 8;
const DURATION_WIDTH = 8;
const NOTE_WIDTH = 12;
const WIDEST_NAME = 34;
const BAR = { narrowest: 10, widest: 44 } as const;

export function timelineLines(all: readonly TimelineEntry[], view: TimelineView): readonly string[] {
  const { shown: entries, more } = foldEntries(all, view.rows);
  const nameWidth = Math.min(WIDEST_NAME, Math.max(0, ...entries.map((entry) => shownName(entry).length)));
  const free = view.columns - MARK_AND_GAPS - nameWidth - DURATION_WIDTH - NOTE_WIDTH;
  const barWidth = Math.min(BAR.widest, Math.max(BAR.narrowest, free));
  const axis = axisOf(entries, view.now, barWidth);
  const lines = entries.flatMap((entry) => entryLines(entry, { ...view, nameWidth, barWidth, axis }));
  return more === undefined ? lines : [...lines, view.colors.dim(`… ${more}`)];
}

interface Axis {
  /** The cell of a moment. */
  cell(at: number): number;
}

interface EntryView extends TimelineView {
  readonly nameWidth: number;
  readonly barWidth: number;
  readonly axis: Axis;
}

function entryLines(entry: TimelineEntry, view: EntryView): readonly string[] {
  const { colors, nameWidth, barWidth } = view;
  const name = padTo(clip(shownName(entry), nameWidth), nameWidth);
  const painted = entry.kind === 'undo' ? colors.magenta(name) : entry.state === 'skipped' ? colors.dim(name) : name;
  const head = `${markOf(entry.state, colors)} ${painted}`;
  if (entry.state === 'skipped') {
    return [`${head}  ${colors.dim(`skipped: ${oneLine(entry.reason ?? '')}`)}`];
  }
  const end = entry.finishedAt ?? view.now;
  const duration = entry.startedAt === null ? '' : durationText(end - entry.startedAt);
  const attempts = entry.attempts.at(-1)?.n ?? 1;
  const note = attempts > 1 ? colors.yellow(`${attempts} attempts`) : '';
  const line = `${head}  ${padTo(bar(entry, view), barWidth)}  ${duration.padStart(DURATION_WIDTH)}  ${note}`.trimEnd();
  const error = entry.attempts.at(-1)?.error ?? entry.attempts.findLast((attempt) => attempt.error)?.error;
  if (entry.reason !== undefined) {
    return [line, ...wrap(entry.reason, view.columns - 6).map((why) => `    ${colors.dim(why)}`)];
  }
  if (!error) return [line];
  const paintWhy = entry.state === 'failed' ? colors.red : colors.dim;
  return [line, ...wrap(`${error.code}: ${error.message}`, view.columns - 6).map((why) => `    ${paintWhy(why)}`)];
}

function shownName({ name, kind }: TimelineEntry): string {
  if (kind === 'undo') return `↩ undo ${name.replace(/\.undo$/, '')}`;
  return kind === 'attention' ? `asks about ${name.replace(/\.attention$/, '')}` : name;
}

function axisOf(entries: readonly TimelineEntry[], now: number, width: number): Axis {
  const starts = entries.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]));
  const from = Math.min(now, ...starts);
  const ends = entries.flatMap(({ startedAt, finishedAt }) => (startedAt === null ? [] : [finishedAt ?? now]));
  const span = Math.max(1, Math.max(from, ...ends) - from);
  return { cell: (at) => Math.min(width - 1, Math.max(0, Math.floor(((at - from) / span) * width))) };
}

/** A failed attempt is dashed, the time between attempts dotted: colours alone are not seen by everybody. */
function bar(entry: TimelineEntry, { axis, barWidth, colors, now }: EntryView): string {
  if (entry.startedAt === null) return '';
  const cells: string[] = Array.from({ length: barWidth }, () => ' ');
  const paint = (from: number, to: number, mark: string): void => {
    for (let cell = axis.cell(from); cell <= Math.max(axis.cell(from), axis.cell(to)); cell += 1) cells[cell] = mark;
  };
  const over = entry.finishedAt ?? now;
  paint(entry.startedAt, over, colors.dim('·'));
  for (const attempt of entry.attempts) {
    const [from, to] = spanOf(attempt, entry.startedAt, over);
    paint(from, to, attempt.error ? colors.red('╍') : entry.kind === 'undo' ? colors.magenta('━') : colors.green('━'));
  }
  if (entry.state === 'running') paint(lastEnd(entry.attempts) ?? entry.startedAt, over, colors.cyan('━'));
  return cells.join('').trimEnd();
}

function spanOf(attempt: TimelineAttempt, from: number, to: number): readonly [number, number] {
  return [attempt.startedAt ?? from, attempt.finishedAt ?? to];
}

function lastEnd(attempts: readonly TimelineAttempt[]): number | undefined {
  return attempts.at(-1)?.finishedAt ?? undefined;
}
