/** Where in the form a part of the request is that was refused. */
import type { InputIssue } from '../../errors.js';
import { humanName } from '../words/stage-name.js';

/** What is said of the run beside its input, by the request's name for it. */
const OPTIONS = {
  key: 'Idempotency key',
  priority: 'Priority',
  tags: 'Tags',
  delayMs: 'Begin after',
  deadline: 'Stop after',
} as const;

export type OptionName = keyof typeof OPTIONS;

export interface IssuePlace {
  /** Ids in the page, the innermost first: what is typed as JSON has no fields of its own. */
  readonly ids: readonly string[];
  readonly words: string;
}

export function optionId(name: OptionName): string {
  return `run.${name}`;
}

export function optionLabel(name: OptionName): string {
  return OPTIONS[name];
}

/** Undefined for what is not in the form. @param path as the request has it: `input.items.0.sku`, `key` */
export function placeOf(path: string): IssuePlace | undefined {
  const [first = '', ...within] = path.split('.');
  if (first === 'input') {
    const ids = within.map((_member, at) => fieldId(within.slice(0, at + 1))).reverse();
    return { ids: [...ids, fieldId([])], words: within.length === 0 ? 'Input' : within.map(humanName).join(' › ') };
  }
  if (!isOption(first)) return undefined;
  return { ids: [optionId(first)], words: OPTIONS[first] };
}

/** What was said of the input, by its own paths. */
export function inputIssues(issues: readonly InputIssue[]): readonly InputIssue[] {
  return issues.flatMap((issue) =>
    issue.path === 'input' || issue.path.startsWith('input.')
      ? [{ ...issue, path: issue.path.slice('input.'.length) }]
      : [],
  );
}

export function optionIssues(issues: readonly InputIssue[], name: OptionName): readonly string[] {
  return issues.filter(({ path }) => path === name || path.startsWith(`${name}.`)).map(({ message }) => message);
}

/** Moves the focus there, so that whoever cannot see the page hears which field it is, and what is wrong with it. */
export function focusPlace({ ids }: IssuePlace): void {
  for (const id of ids) {
    const element = document.getElementById(id);
    if (!element) continue;
    element.focus();
    return;
  }
}

function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** A field's id in the page; the issues' links lead to it. */
export function fieldId(path: readonly (string | number)[]): string {
  return `input.${path.join('.')}`;
}
