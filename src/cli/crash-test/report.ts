/** The crash test's outcome, as a table that a person acts on and as one document for CI. Pure. */

import { durationText } from '../render/duration.js';
import { padTo, visibleWidth } from '../render/table.js';
import { type Colors, clip, oneLine, wrap } from '../terminal.js';
import type { Finding, Verdict } from './findings.js';

export interface CaseResult extends Verdict {
  readonly step: string;
  readonly case: string;
  readonly run: string;
  readonly status: string;
}

export interface CrashTestReport {
  readonly workflow: string;
  readonly ok: boolean;
  readonly cases: readonly CaseResult[];
  /** One for each mistake, however many cases show it. */
  readonly findings: readonly (Finding & { readonly cases: readonly string[] })[];
  readonly totals: {
    readonly cases: number;
    readonly ok: number;
    readonly trusted: number;
    readonly failed: number;
    /** Runs whose worker was killed. */
    readonly crashes: number;
    readonly workersKilled: number;
  };
  readonly durationMs: number;
}

export function reportOf(
  workflow: string,
  cases: readonly CaseResult[],
  counts: {
    readonly crashes: number;
    readonly workersKilled: number;
    readonly durationMs: number;
    readonly strict: boolean;
  },
): CrashTestReport {
  const { crashes, workersKilled, durationMs, strict } = counts;
  const number = (verdict: Verdict['verdict']) => cases.filter((one) => one.verdict === verdict).length;
  const [trusted, failed] = [number('trusted'), number('failed')];
  return {
    workflow,
    ok: failed === 0 && !(strict && trusted > 0),
    cases,
    findings: findingsOf(cases),
    totals: { cases: cases.length, ok: number('ok'), trusted, failed, crashes, workersKilled },
    durationMs,
  };
}

function findingsOf(cases: readonly CaseResult[]): CrashTestReport['findings'] {
  const found = new Map<string, Finding & { readonly cases: string[] }>();
  for (const { finding, step, case: name } of cases) {
    if (!finding) continue;
    const id = `${finding.step} ${finding.code}`;
    const known = found.get(id) ?? { ...finding, cases: [] };
    known.cases.push(step === finding.step ? name : `${step}: ${name}`);
    found.set(id, known);
  }
  return [...found.values()];
}

const VERDICTS = { ok: 'ok', trusted: 'trust', failed: 'FAIL' } as const;
const GAP = '  ';

/** Rows as in the issue of a bug tracker: step, case, result, verdict, and for a finding what mends it. */
export function caseLines(cases: readonly CaseResult[], colors: Colors): readonly string[] {
  const rows = cases.map((one) => [oneLine(one.step), one.case, one.result, verdictText(one, colors), remedyText(one)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => visibleWidth(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => padTo(cell, widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function verdictText({ verdict }: Verdict, colors: Colors): string {
  const paint = { ok: colors.green, trusted: colors.yellow, failed: colors.red }[verdict];
  return paint(VERDICTS[verdict]);
}

/** A finding of another step than the row's says whose it is. */
function remedyText({ finding, step }: CaseResult): string {
  if (!finding) return '';
  return finding.step === step ? finding.remedy : `${finding.step}: ${finding.remedy}`;
}

export function summaryLines(report: CrashTestReport, colors: Colors, columns: number): readonly string[] {
  const { totals, findings, cases } = report;
  const width = Math.max(40, Math.min(columns, 120) - 2);
  const details = findings.flatMap((finding) => {
    const seen =
      finding.cases.slice(0, 3).join('; ') + (finding.cases.length > 3 ? `; ${finding.cases.length - 3} more` : '');
    return [
      `${colors.red('✗')} ${colors.bold(finding.step)}  ${finding.remedy}`,
      ...wrap(`Seen: ${clip(finding.detail, 400)}. In: ${seen}.`, width).map((line) => colors.dim(`  ${line}`)),
    ];
  });
  const notes = [
    ...new Set(cases.flatMap(({ verdict, step, note }) => (verdict === 'trusted' && note ? [`${step}: ${note}`] : []))),
  ];
  const trusted = notes.flatMap((note) => wrap(`trust  ${note}`, width).map((line) => colors.dim(line)));
  const counts = [
    `${totals.cases} cases`,
    `${totals.ok} ok`,
    ...(totals.trusted > 0 ? [`${totals.trusted} on trust`] : []),
    totals.failed > 0 ? colors.red(`${totals.failed} failed`) : '0 failed',
  ].join(', ');
  const how = `${totals.crashes} runs lost their worker, ${totals.workersKilled} workers were killed, ${durationText(report.durationMs)}`;
  return [
    '',
    ...details,
    ...(details.length > 0 ? [''] : []),
    ...trusted,
    ...(trusted.length > 0 ? [''] : []),
    `${report.ok ? colors.green('✓') : colors.red('✗')} ${colors.bold(report.workflow)}: ${counts} ${colors.dim(`(${how})`)}`,
  ];
}
