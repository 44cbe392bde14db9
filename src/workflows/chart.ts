/** Rows as a chart specification: the part of Vega-Lite that draws one bar or line chart, plain JSON. */
import { z } from 'zod';
import type { RowColumns } from './row-columns.js';

const channel = z.object({ field: z.string(), type: z.enum(['temporal', 'nominal', 'quantitative']) });

export const chartSchema = z.object({
  mark: z.enum(['line', 'bar']),
  data: z.object({ values: z.array(z.record(z.string(), z.unknown())) }),
  encoding: z.object({ x: channel, y: channel, color: channel.optional() }),
});

export type Chart = z.output<typeof chartSchema>;

type Row = Readonly<Record<string, unknown>>;

/** A line over time where the rows have a time, else bars by name; null where they have no number to draw. */
export function chartOf(rows: readonly Row[], { value, time, series }: RowColumns): Chart | null {
  const x = time ?? series;
  if (value === undefined || x === undefined) return null;
  const fields = [time, series, value].filter((field) => field !== undefined);
  return {
    mark: time === undefined ? 'bar' : 'line',
    data: { values: rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field] ?? null]))) },
    encoding: {
      x: { field: x, type: time === undefined ? 'nominal' : 'temporal' },
      y: { field: value, type: 'quantitative' },
      ...(time !== undefined && series !== undefined && { color: { field: series, type: 'nominal' } }),
    },
  };
}
