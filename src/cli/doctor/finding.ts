/** One thing that the doctor has found, and how it is shown: worst first, each with its remedy. */
import { tableLines } from '../render/table.js';
import { type Colors, oneLine, type Screen, wrap } from '../terminal.js';

export type Severity = 'error' | 'warning' | 'info' | 'ok';
export type Area = 'redis' | 'workers' | 'servers' | 'runs' | 'promises';

export interface Finding {
  /** `error`: runs fail, hang or are lost by it. `warning`: they may. `info`: worth knowing. `ok`: looked at, and well. */
  readonly severity: Severity;
  readonly area: Area;
  readonly what: string;
  /** What to do; of everything but `ok`. */
  readonly remedy?: string;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info', 'ok'];
const MARKS: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', info: 'i', ok: '✓' };
const INDENT = '      ';

export const ok = (area: Area, what: string): Finding => ({ severity: 'ok', area, what });

export const finding = (severity: Exclude<Severity, 'ok'>, area: Area, what: string, remedy: string): Finding => ({
  severity,
  area,
  what,
  remedy,
});

export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

export function findingLines(findings: readonly Finding[], screen: Screen): readonly string[] {
  const sorted = worstFirst(findings);
  const rows = tableLines(
    sorted.map(({ severity, area, what }) => [mark(severity, screen.colors), area, oneLine(what)]),
  );
  const lines = sorted.flatMap(({ remedy }, at) => [
    ...wrapped(rows[at] ?? '', screen),
    ...(remedy === undefined ? [] : wrapped(`→ ${remedy}`, screen, INDENT).map((line) => screen.colors.dim(line))),
  ]);
  return [...lines, '', summary(sorted)];
}

/** A long finding goes on below its first line; in a log it stays one line, where it is looked for as one. */
function wrapped(text: string, { isTty, columns }: Screen, indent = ''): readonly string[] {
  if (!isTty || text.length + indent.length <= columns) return [indent + text];
  const head = /^\S+ +\S+ +/.exec(text)?.[0] ?? '';
  const margin = indent === '' ? ' '.repeat(Math.min(head.length, columns / 2)) : indent;
  const [first = '', ...rest] = wrap(indent === '' ? text.slice(head.length) : text, columns - margin.length);
  return [(indent === '' ? head : indent) + first, ...rest.map((line) => margin + line)];
}

function mark(severity: Severity, colors: Colors): string {
  const paint = { error: colors.red, warning: colors.yellow, info: colors.cyan, ok: colors.green }[severity];
  return paint(MARKS[severity]);
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (errors === 0 && warnings === 0) return 'Nothing is wrong.';
  const counted = (n: number, name: string) => `${n} ${name}${n === 1 ? '' : 's'}`;
  return `${counted(errors, 'error')}, ${counted(warnings, 'warning')}.`;
}
