/**
 * An error as its reader needs it: what failed, each refused part with its path, what to do. With `--json` it is one JSON
 * document `{ error: { code, message, step?, issues? } }`. Both on standard error. A stack only with SWITCHYARD_DEBUG.
 */
import { CommanderError } from 'commander';
import { ERROR_CODES, type ErrorCode, type InputIssue, SwitchyardError } from '../errors.js';
import { missingPackage } from '../optional-packages.js';
import { describeIssues } from '../schema.js';
import { type Colors, oneLine, type Screen, wrap } from './terminal.js';

const ALIGNED_PATH = 40;
/** What a message ends with when a package is missing. */
const COMMAND = /(?=Run: npm install )/;

interface Reported {
  readonly code: ErrorCode;
  readonly message: string;
  readonly step?: string | undefined;
  readonly issues: readonly InputIssue[];
}

/** Writes the error and returns the exit code that belongs to it. */
export function reportError(thrown: unknown, screen: Screen, options: { readonly json: boolean }): number {
  // Commands import what only they need: the one place that all of them pass.
  const error = reportedOf(missingPackage(thrown) ?? thrown);
  screen.write(options.json ? jsonOf(error) : textOf(error, screen));
  if (process.env.SWITCHYARD_DEBUG && thrown instanceof Error) screen.write(`${thrown.stack ?? thrown.message}\n`);
  return ERROR_CODES[error.code].exit;
}

function reportedOf(thrown: unknown): Reported {
  if (thrown instanceof SwitchyardError) {
    const { code, message, step, issues = [] } = thrown;
    return { code, message, step, issues };
  }
  if (thrown instanceof CommanderError) {
    const said = thrown.message.replace(/^error: /, '').replace(/\.$/, '');
    const message = said.replace(/\n\(?(.*?)\)?$/, ' ($1)');
    return {
      code: 'INVALID_INPUT',
      message: `${message}. \`switchyard --help\` lists the commands, \`switchyard <command> --help\` its options.`,
      issues: [],
    };
  }
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return { code: 'INTERNAL', message: `${message} (set SWITCHYARD_DEBUG=1 to see where)`, issues: [] };
}

function jsonOf({ code, message, step, issues }: Reported): string {
  const error = { code, message, ...(step !== undefined && { step }), ...(issues.length > 0 && { issues }) };
  return `${JSON.stringify({ error }, null, 2)}\n`;
}

function textOf({ code, message, step, issues }: Reported, { colors, columns }: Screen): string {
  const width = Math.min(columns, 120) - 2;
  // The issues are in the message for those who see only that; here each has a line of its own.
  const spelledOut = message.indexOf(describeIssues(issues));
  const listed = issues.length > 0 && spelledOut > 0;
  const head = listed ? message.slice(0, spelledOut).replace(/[:.\s]+$/, '') : message;
  const tail = listed ? message.slice(spelledOut + describeIssues(issues).length).replace(/^[.\s]+/, '') : '';
  const [said = '', command] = head.split(COMMAND);
  const lines = [
    ...wrap(`${said.trimEnd()}${step === undefined ? '' : ` (step ${step})`}`, width),
    // Whole, however long: it is there to be copied.
    ...(command === undefined ? [] : [command]),
    ...(listed ? issueLines(issues, colors) : []),
    ...(tail === '' ? [] : wrap(tail, width)),
  ];
  return `${colors.red(colors.bold(`✗ ${code}`))}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Paths in a column of their own; a path that is longer than the column still ends two blanks before its message. */
function issueLines(issues: readonly InputIssue[], colors: Colors): readonly string[] {
  const rows = issues.map(({ path, message }) => ({ path: oneLine(path) || '(all)', why: oneLine(message) }));
  const width = Math.min(ALIGNED_PATH, Math.max(...rows.map(({ path }) => path.length)));
  return rows.map(({ path, why }) => `  ${colors.bold(path.padEnd(width))}  ${why}`);
}
