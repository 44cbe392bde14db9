/** Rows as a person reads them, and whether each target is met. */
import type { Row } from './measure.js';
import { TARGETS, type Target } from './targets.js';

const HEAD = ['shape', 'measure', 'ours', 'raw', 'ratio', 'target', ''] as const;

export interface Table {
  readonly text: string;
  readonly missed: number;
}

export function table(rows: readonly Row[]): Table {
  const lines = rows.map((row) => ({ cells: cellsOf(row), missed: isMet(row) === false }));
  const all = [HEAD, ...lines.map(({ cells }) => cells)];
  const widths = HEAD.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)));
  const text = all
    .map((cells) =>
      cells
        .map((cell, column) =>
          column < 2 || column > 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
  return { text, missed: lines.filter(({ missed }) => missed).length };
}

function cellsOf(row: Row): readonly string[] {
  const target = TARGETS[row.shape][row.measure];
  const met = isMet(row);
  return [
    row.shape,
    row.measure,
    rounded(row.ours),
    row.raw === undefined ? '' : rounded(row.raw),
    row.raw === undefined ? '' : (row.ours / row.raw).toFixed(2),
    target ? wordsOf(target) : '',
    met === undefined ? '' : met ? 'ok' : 'MISS',
  ];
}

/** Undefined where there is no target. */
function isMet(row: Row): boolean | undefined {
  const target = TARGETS[row.shape][row.measure];
  if (!target) return undefined;
  const value = target.of === 'ours' ? row.ours : row.ours / (row.raw ?? Number.NaN);
  return value >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (target.atMost ?? Number.POSITIVE_INFINITY);
}

function wordsOf({ of, atLeast, atMost }: Target): string {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return of === 'ratio' ? `${bound} × raw` : bound;
}

const rounded = (value: number) => value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
