/** One run for people: how it stands, its timeline, what came out. */
import type { RunDocument } from '../../orchestrators/timeline.js';
import { isUnsettled } from '../exit-code.js';
import { type Colors, clip, oneLine, wrap } from '../terminal.js';
import { agoText, durationText } from './duration.js';
import { questionLines } from './questions.js';
import { statusText } from './status.js';
import { timelineLines } from './timeline.js';

/** What fits a screen; a program takes `--json`. */
const MAX_OUTPUT_LINES = 60;

export interface RunView {
  readonly colors: Colors;
  readonly columns: number;
  readonly now: number;
  /** Most lines of the timeline, about: for a window that it has to fit into. */
  readonly rows?: number | undefined;
}

/** Heading and timeline: what changes while a run goes on. */
export function progressLines(run: RunDocument, view: RunView): readonly string[] {
  const { colors, now } = view;
  const took = durationText((run.finishedAt ?? now) - run.createdAt);
  const waits = run.finishedAt === undefined && !isUnsettled(run.status);
  const how = waits ? `accepted ${took} ago` : `${run.finishedAt === undefined ? 'for' : 'in'} ${took}`;
  return [
    `${colors.bold(run.workflow)}  ${statusText(run.status, colors)} ${how}  ${colors.dim(run.id)}`,
    ...timelineLines(run.timeline, view).map((line) => `  ${line}`),
  ];
}

/** Everything: heading, times, input, timeline, error, output. */
export function runLines(run: RunDocument, view: RunView): readonly string[] {
  const { colors, columns, now } = view;
  const [heading = '', ...timeline] = progressLines(run, view);
  const accepted = `${new Date(run.createdAt).toISOString()}, ${agoText(run.createdAt, now)}`;
  const width = Math.min(columns, 120) - 12;
  const error = run.error
    ? wrap(`${run.error.code}: ${run.error.message}${run.error.step ? ` (step ${run.error.step})` : ''}`, width)
    : [];
  return [
    heading,
    `  ${colors.dim('accepted')}  ${accepted}`,
    ...(run.tags ? [`  ${colors.dim('tags')}      ${tagsText(run.tags)}`] : []),
    `  ${colors.dim('input')}     ${clip(oneLine(JSON.stringify(run.input) ?? ''), width)}`,
    ...(timeline.length > 0 ? ['', ...timeline] : []),
    ...(error.length > 0
      ? ['', ...error.map((line, at) => `  ${colors.red(at === 0 ? 'error' : '     ')}     ${line}`)]
      : []),
    ...questionLines(run, width, colors),
    ...(run.output === undefined ? [] : ['', `  ${colors.dim('output')}`, ...outputLines(run.output)]),
  ];
}

function tagsText(tags: Readonly<Record<string, string>>): string {
  return oneLine(
    Object.entries(tags)
      .map((tag) => tag.join('='))
      .join(', '),
  );
}

function outputLines(output: unknown): readonly string[] {
  // JSON escapes every control character but DEL and the C1 set, which some terminals obey.
  const text = JSON.stringify(output, null, 2).replace(/[\u007f-\u009f]/g, ' ');
  const lines = text.split('\n').map((line) => `  ${line}`);
  if (lines.length <= MAX_OUTPUT_LINES) return lines;
  return [
    ...lines.slice(0, MAX_OUTPUT_LINES),
    `  … ${lines.length - MAX_OUTPUT_LINES} more lines; --json shows them all`,
  ];
}
