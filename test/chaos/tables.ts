/** What `npm run chaos` prints at its end. */
import { INVARIANTS, type Invariant, MEANINGS } from '../../src/orchestrators/invariants/history.js';
import type { Violation } from '../../src/orchestrators/invariants/verdict.js';
import { type MatrixReport, recoveries } from './matrix.js';
import type { MutantReport } from './mutants.js';
import { PLAIN_SITES, SITES, siteName } from './points.js';

type Row = readonly string[];

export function table(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** `median / longest`, or a dash. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const sorted = [...values].sort((a, b) => a - b);
  return `${seconds(sorted[Math.floor(sorted.length / 2)] ?? 0)} / ${seconds(sorted.at(-1) ?? 0)}`;
}

export function pointsTable(reports: readonly MatrixReport[]): string {
  const rows = [...SITES, ...PLAIN_SITES].map((site) => {
    const name = siteName(site);
    const runs = reports.flatMap((report) =>
      report.runs.filter((run) => run.site === name).map((run) => ({ run, report })),
    );
    const kills = runs.map(({ run, report }) => report.workers.struck.filter((strike) => strike.run === run.id).length);
    const recovered = runs.flatMap(({ run, report }) => recoveries(report.workers).get(run.id) ?? []);
    return [name, String(runs.length), String(kills.reduce((sum, n) => sum + n, 0)), spread(recovered)];
  });
  return table([['point', 'runs', 'kills', 'recovered in (median / longest)'], ...rows]);
}

export function invariantsTable(verdicts: readonly MatrixReport['verdict'][]): string {
  const rows = INVARIANTS.map((id) => {
    const checked = verdicts.reduce((sum, verdict) => sum + verdict.checked[id], 0);
    const violations = verdicts.reduce((sum, verdict) => sum + byInvariant(verdict.violations, id), 0);
    return [id, String(checked), String(violations), MEANINGS[id]];
  });
  return table([['invariant', 'checked', 'violations', ''], ...rows]);
}

function byInvariant(violations: readonly Violation[], id: Invariant): number {
  return violations.filter(({ invariant }) => invariant === id).length;
}

export function mutantsTable(reports: readonly MutantReport[]): string {
  const rows = reports.map(({ mutant, runs, kills, violations, seconds: took }) => {
    const flagged = INVARIANTS.filter((id) => byInvariant(violations, id) > 0).map(
      (id) => `${id} (${byInvariant(violations, id)})`,
    );
    const by = flagged.length > 0 ? flagged.join(' ') : 'NOT FLAGGED';
    return [mutant, String(runs), String(kills), `${took.toFixed(0)} s`, by];
  });
  return table([['mutant', 'runs', 'kills', 'took', 'flagged by'], ...rows]);
}
