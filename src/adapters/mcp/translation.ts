/**
 * What stands between a capability and a server's tool: arguments on the way out, the answer on the way back.
 */
import type { Template } from './binding-config.js';

export type ToolArguments = Readonly<Record<string, unknown>>;

export interface Translation {
  /** Throws INVALID_INPUT when the tool cannot do what was asked. */
  readonly toTool: (args: ToolArguments) => ToolArguments;
  readonly fromTool: (answer: unknown, args: ToolArguments) => unknown;
}

export const IDENTITY: Translation = { toTool: (args) => args, fromTool: (answer) => answer };

/** The translation that a binding's templates describe; an absent template passes its side through. */
export function templateTranslation(
  outgoing: Readonly<Record<string, Template>> | undefined,
  result: Template | undefined,
): Translation {
  return {
    toTool: (args) => (outgoing === undefined ? args : fillMembers(outgoing, { args })),
    fromTool: (answer, args) => (result === undefined ? answer : fill(result, { args, answer })),
  };
}

interface Sources {
  readonly args: ToolArguments;
  readonly answer?: unknown;
}

function fill(template: Template, sources: Sources): unknown {
  if (typeof template === 'string') return fillText(template, sources);
  if (typeof template !== 'object' || template === null) return template;
  return isList(template) ? template.map((item) => fill(item, sources)) : fillMembers(template, sources);
}

// Array.isArray does not narrow a readonly array.
const isList = (template: Template): template is readonly Template[] => Array.isArray(template);

// A part that is not there leaves its key out: the tool's default applies, or the contract names what is missing.
function fillMembers(template: Readonly<Record<string, Template>>, sources: Sources): Record<string, unknown> {
  const filled = Object.entries(template).map(([key, part]) => [key, fill(part, sources)] as const);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

function fillText(text: string, { args, answer }: Sources): unknown {
  if (!text.startsWith('$')) return text;
  if (text.startsWith('$$')) return text.slice(1);
  if (text === '$') return answer;
  return text.startsWith('$.') ? pick(answer, text.slice(2)) : pick(args, text.slice(1));
}

function pick(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
