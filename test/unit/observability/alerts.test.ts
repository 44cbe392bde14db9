/** The alerts that docs/observability.md begins with, as Prometheus would read them. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const text = readFileSync('docs/observability.md', 'utf8');
const expressions = [...text.matchAll(/^ +expr: (?!\|)(.+)$/gm)].map(([, expression = '']) => expression);

test('take what every replica of the API says once', () => {
  const ofRedis = expressions.filter((expression) => /switchyard_(runs_attention|oldest_run|queue)/.test(expression));
  expect(ofRedis.length).toBeGreaterThanOrEqual(3);
  for (const expression of ofRedis) {
    const series = expression.match(/switchyard_\w+/g) ?? [];
    expect([expression, expression.match(/max by \(/g)?.length]).toEqual([expression, series.length]);
    expect(expression).not.toMatch(/\bsum\b/);
  }
});
