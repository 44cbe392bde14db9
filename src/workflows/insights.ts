/** Sentences computed from rows: how many, and per series how it moved or how it is spread. */
import type { RowColumns } from './row-columns.js';

type Row = Readonly<Record<string, unknown>>;

interface Point {
  readonly at: string;
  readonly value: number;
}

/** Series that are described one by one; the rest is counted. */
const MAX_SERIES = 10;

const numbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

function pointsBySeries(rows: readonly Row[], columns: RowColumns): ReadonlyMap<string, readonly Point[]> {
  const { value = '', time = '', series = '' } = columns;
  const bySeries = new Map<string, Point[]>();
  for (const row of rows) {
    const number = row[value];
    if (typeof number !== 'number') continue;
    const name = String(row[series] ?? value);
    const points = bySeries.get(name) ?? [];
    points.push({ at: String(row[time] ?? ''), value: number });
    bySeries.set(name, points);
  }
  return bySeries;
}

function describe(name: string, points: readonly Point[], overTime: boolean): string {
  const sorted = points.toSorted((a, b) => (overTime ? a.at.localeCompare(b.at) : a.value - b.value));
  const first = sorted[0];
  const last = sorted.at(-1);
  if (!first || !last) return `${name}: no values`;
  if (points.length === 1) return `${name}: ${numbers.format(first.value)}${overTime ? ` in ${first.at}` : ''}`;
  if (!overTime) {
    const mean = points.reduce((sum, point) => sum + point.value, 0) / points.length;
    return `${name}: ${numbers.format(first.value)} to ${numbers.format(last.value)}, on average ${numbers.format(mean)}`;
  }
  const moved = last.value - first.value;
  const direction = moved === 0 ? 'unchanged' : moved > 0 ? 'up' : 'down';
  const percent = first.value === 0 ? '' : ` ${numbers.format(Math.abs((moved / first.value) * 100))}%`;
  const by = moved === 0 ? '' : percent;
  return `${name}: ${direction}${by}, from ${numbers.format(first.value)} in ${first.at} to ${numbers.format(last.value)} in ${last.at}`;
}

/**
 * @param total rows that matched, which may be more than those at hand
 */
export function insightsOf(rows: readonly Row[], total: number, columns: RowColumns): readonly string[] {
  if (rows.length === 0) return ['No analytics rows match the query'];
  const count = total === 1 ? '1 row matches' : `${numbers.format(total)} rows match`;
  const counted = rows.length < total ? `${count}; computed from the first ${numbers.format(rows.length)}` : count;
  const series = [...pointsBySeries(rows, columns)];
  const described = series
    .slice(0, MAX_SERIES)
    .map(([name, points]) => describe(name, points, columns.time !== undefined));
  const rest = series.length - described.length;
  return [counted, ...described, ...(rest > 0 ? [`${numbers.format(rest)} more series`] : [])];
}
