/**
 * An input while it is being typed: plain JSON, in which what was left empty is undefined, a number that is none yet is its
 * text, and a part that is typed as JSON is {@link RawJson}. The server checks it; this only makes of it what was meant. Pure.
 */
import type { InputIssue } from '../../errors.js';
import { fieldKind, type JsonSchema } from './json-schema.js';

export class RawJson {
  constructor(readonly text: string) {}
}

export type Draft = unknown;

/** What a form begins with: defaults, and the shape that must be there. */
export function emptyDraft(schema: JsonSchema, isRequired = true): Draft {
  if (schema.default !== undefined) return schema.default;
  switch (fieldKind(schema)) {
    case 'object':
      return isRequired ? objectDraft(schema) : undefined;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => emptyDraft(schema.items ?? {}));
    case 'boolean':
      return isRequired ? false : undefined;
    default:
      return undefined;
  }
}

function objectDraft({ properties = {}, required = [] }: JsonSchema): Draft {
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, emptyDraft(member, required.includes(name))]),
  );
}

/** The draft as JSON. @throws SyntaxError for a part that was typed as JSON and is none; its message begins with the path. */
export function inputOf(draft: Draft, schema: JsonSchema, path = ''): unknown {
  if (draft instanceof RawJson) return parsed(draft.text, path);
  const kind = fieldKind(schema);
  if (kind === 'object' && isRecord(draft)) {
    const members = Object.entries(draft).map(([name, value]) => {
      const of = schema.properties?.[name] ?? {};
      return [name, inputOf(value, of, path === '' ? name : `${path}.${name}`)] as const;
    });
    const needed = new Set(schema.required);
    return Object.fromEntries(
      members.filter(([name, value]) => value !== undefined && (needed.has(name) || !isEmpty(value))),
    );
  }
  if (kind === 'array' && Array.isArray(draft)) {
    return draft.map((item, at) => inputOf(item, schema.items ?? {}, path === '' ? String(at) : `${path}.${at}`));
  }
  if (draft === '') return undefined;
  if (kind === 'number' && typeof draft === 'string' && !Number.isNaN(Number(draft))) return Number(draft);
  return draft;
}

function parsed(text: string, path: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${path}: this is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** The draft with the value at a path replaced; parts on the way that are not there yet are made. */
export function withValue(draft: Draft, [first, ...rest]: readonly (string | number)[], value: Draft): Draft {
  if (first === undefined) return value;
  if (typeof first === 'number') {
    const items: readonly unknown[] = Array.isArray(draft) ? draft : [];
    return items.map((item, at) => (at === first ? withValue(item, rest, value) : item));
  }
  const members = isRecord(draft) ? draft : {};
  return { ...members, [first]: withValue(members[first], rest, value) };
}

/** What the server said about exactly this place. */
export function issuesAt(issues: readonly InputIssue[], path: readonly (string | number)[]): readonly string[] {
  const dotted = path.join('.');
  return issues.filter((issue) => issue.path === dotted).map(({ message }) => toldBriefly(message));
}

/** The same, and with it what was said of places inside, which have no field of their own: "a.b: is missing". */
export function issuesWithin(issues: readonly InputIssue[], path: readonly (string | number)[]): readonly InputIssue[] {
  const dotted = path.join('.');
  const inside = dotted === '' ? '' : `${dotted}.`;
  return issues.flatMap((issue) => {
    if (issue.path === dotted) return [issue];
    if (!issue.path.startsWith(inside)) return [];
    return [{ ...issue, path: dotted, message: `${issue.path.slice(inside.length)}: ${toldBriefly(issue.message)}` }];
  });
}

/** A schema says of an empty field which types it expected; whoever fills in a form knows that a field is empty. */
function toldBriefly(message: string): string {
  return /received undefined$/.test(message) ? 'is missing' : message;
}

/** An optional group of fields in which nothing was typed is not there. */
function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof RawJson);
}
