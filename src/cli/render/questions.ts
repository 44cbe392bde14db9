/** What a run asks of people, with the commands that answer it, and what people have said. */

import type { OperatorCommand, OperatorStatus, OperatorWord } from '../../facts.js';
import type { Question } from '../../orchestrators/questions.js';
import type { RunDocument } from '../../orchestrators/timeline.js';
import { type Colors, clip, oneLine, wrap } from '../terminal.js';

const ASKS: Readonly<Record<OperatorStatus, (about: string) => string>> = {
  waiting_approval: (about) => `"${about}" waits for a yes or no`,
  in_doubt: (about) => `"${about}" may or may not have happened: find out at its service, by the key below`,
  step_stuck: (about) => `"${about}" failed for good, past the point of no return`,
  compensation_stuck: (about) => `"${about}" could not be done: what it undoes still stands`,
};

const ANSWERS: Readonly<Record<OperatorCommand, (id: string, stage: string) => string>> = {
  approve: (id, stage) => `switchyard approve ${id} --stage ${stage}`,
  reject: (id, stage) => `switchyard reject ${id} --stage ${stage} --reason …`,
  resume: (id, stage) => `switchyard resume ${id} --stage ${stage}`,
  resolve: (id, stage) => `switchyard resolve ${id} --stage ${stage} --happened`,
  skip: (id, stage) => `switchyard skip ${id} --stage ${stage} --reason …`,
  abandon: (id, stage) => `switchyard abandon ${id} --stage ${stage} --reason …`,
  retry: (id) => `switchyard retry ${id}`,
};
const REMARKS: Partial<Record<OperatorCommand, string>> = {
  resume: 'try it again',
  resolve: 'or --not-happened',
  skip: 'leave it, undo the others',
  abandon: 'leave everything that is due',
};

export function questionLines(run: RunDocument, width: number, colors: Colors): readonly string[] {
  return [
    ...(run.questions ?? []).flatMap((question) => ['', ...askLines(run.id, question, width, colors)]),
    ...(run.stop
      ? ['', `  ${colors.dim(run.finishedAt === undefined ? 'to stop' : 'stopped')}   ${stopText(run.stop)}`]
      : []),
    ...(run.notUndone ? ['', `  ${colors.red('not undone')}  ${run.notUndone.join(', ')}`] : []),
    ...(run.words?.length ? ['', ...run.words.map((word) => `  ${colors.dim('said')}      ${wordText(word)}`)] : []),
  ];
}

function askLines(id: string, question: Question, width: number, colors: Colors): readonly string[] {
  const { about, status, input, key, error } = question;
  const indented = (label: string, text: string) =>
    wrap(text, width).map((line, at) => `  ${colors.yellow((at === 0 ? label : '').padEnd(8))}  ${line}`);
  return [
    ...indented('asks', ASKS[status](about)),
    ...(error ? indented('', `${error.code}: ${error.message}`) : []),
    ...(input === undefined ? [] : indented('', `with ${clip(oneLine(JSON.stringify(input)), width * 3)}`)),
    ...(key === undefined ? [] : indented('', `key ${key}`)),
    ...answerLines(id, question).map((line) => `            ${colors.cyan(line)}`),
  ];
}

/** What they do stands in one column. */
function answerLines(id: string, { about, answers }: Question): readonly string[] {
  const commands = answers.map((answer) => ANSWERS[answer](id, quoted(about)));
  const width = Math.max(0, ...commands.map(({ length }) => length));
  return commands.map((command, at) => `${command.padEnd(width)}   ${REMARKS[answers[at] ?? 'retry'] ?? ''}`.trimEnd());
}

/** As a shell takes it: `~root` would be somebody's home. */
function quoted(stage: string): string {
  return /^[\w.-]+$/.test(stage) ? stage : `'${stage}'`;
}

function stopText({ cause, by, reason }: NonNullable<RunDocument['stop']>): string {
  const who = by === undefined ? '' : ` by ${by}`;
  return oneLine(`${cause.replace(/_/g, ' ')}${who}${reason === undefined ? '' : `: ${reason}`}`);
}

function wordText({ command, at, by, stage, reason, happened }: OperatorWord): string {
  const what = command === 'resolve' ? `resolve as ${happened ? 'happened' : 'not happened'}` : command;
  const about = stage === undefined ? '' : ` ${stage}`;
  const who = by === undefined ? '' : ` by ${by}`;
  return oneLine(`${new Date(at).toISOString()}  ${what}${about}${who}${reason === undefined ? '' : `: ${reason}`}`);
}
