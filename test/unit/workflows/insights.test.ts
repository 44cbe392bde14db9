import { describe, expect, it } from 'vitest';
import { chartOf } from '../../../src/workflows/chart.js';
import { insightsOf } from '../../../src/workflows/insights.js';
import { columnsOf } from '../../../src/workflows/row-columns.js';

const analyse = (rows: readonly Record<string, unknown>[], total = rows.length) => {
  const columns = columnsOf(rows);
  return { insights: insightsOf(rows, total, columns), chart: chartOf(rows, columns) };
};

describe('insights', () => {
  it('describe each series over time, in the order of time, not of the rows', () => {
    const { insights, chart } = analyse([
      { id: 3, metric: 'users', period: '2026-02-01', value: 80 },
      { id: 1, metric: 'users', period: '2026-01-01', value: 100 },
      { id: 2, metric: 'churn', period: '2026-01-01', value: 0 },
      { id: 4, metric: 'churn', period: '2026-02-01', value: 2.5 },
      { id: 5, metric: 'plans', period: '2026-02-01', value: 3 },
    ]);
    expect(insights).toEqual([
      '5 rows match',
      'users: down 20%, from 100 in 2026-01-01 to 80 in 2026-02-01',
      'churn: up, from 0 in 2026-01-01 to 2.5 in 2026-02-01',
      'plans: 3 in 2026-02-01',
    ]);
    expect(chart).toMatchObject({ mark: 'line', encoding: { x: { field: 'period', type: 'temporal' } } });
  });

  it('describe the spread where there is no time, as bars', () => {
    const { insights, chart } = analyse([
      { region: 'north', sales: 1_000 },
      { region: 'north', sales: 3_000 },
      { region: 'south', sales: null },
    ]);
    expect(insights).toEqual(['3 rows match', 'north: 1,000 to 3,000, on average 2,000']);
    expect(chart).toMatchObject({ mark: 'bar', encoding: { x: { field: 'region', type: 'nominal' } } });
  });

  it('say when nothing matches, and draw nothing', () => {
    expect(analyse([])).toEqual({ insights: ['No analytics rows match the query'], chart: null });
  });

  it('say from how many rows they were computed when there are more', () => {
    expect(analyse([{ name: 'a', value: 1 }], 1_200).insights[0]).toBe('1,200 rows match; computed from the first 1');
  });

  it('never add up ids, and leave rows without numbers undrawn', () => {
    expect(analyse([{ id: 1, customer_id: 7, note: 'x' }])).toEqual({ insights: ['1 row matches'], chart: null });
  });

  it('describe ten series and count the others', () => {
    const rows = Array.from({ length: 12 }, (_, n) => ({ name: `series ${n}`, value: n }));
    const { insights } = analyse(rows);
    expect(insights).toHaveLength(12);
    expect(insights.at(-1)).toBe('2 more series');
  });
});
