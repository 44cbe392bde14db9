/**
 * How many effects a stage's calls have had, by the tools' own words. Pure.
 *
 * - A tool that says it only reads (`readOnlyHint`), or is listed in `reads`, has none; a call that was refused has none.
 * - Calls with other arguments are effects of their own.
 * - Calls with the same arguments and different answers are as many effects as there are answers: another id is another
 *   thing. `ignore` names members that do not count.
 * - Calls with the same arguments, key included, and the same answer are one effect if the call has a key that the tool takes,
 *   or the tool says that it is idempotent. If it says that it is not, each call is one.
 * - Says it nothing, they count as one that is not certain: only the sandbox (`effects`) could tell.
 */
import { readToolResult } from '../../adapters/mcp/tool-answer.js';
import { canonicalJson } from '../../canonical-json.js';
import type { ToolFacts } from '../../servers/recording-proxy/record.js';
import type { RecordedCall } from './record.js';

export interface CountingRules {
  /** What each tool says of itself, by `<server>.<tool>`. */
  readonly tools: ReadonlyMap<string, ToolFacts>;
  readonly reads: ReadonlySet<string>;
  readonly ignore: ReadonlySet<string>;
}

export interface EffectCount {
  readonly effects: number;
  /** False: the number rests on what somebody declares, and nothing that was seen contradicts it. */
  readonly certain: boolean;
  /** Calls that had an effect, or were answered as if they had. */
  readonly calls: readonly RecordedCall[];
}

export function countEffects(calls: readonly RecordedCall[], rules: CountingRules): EffectCount {
  const effective = calls.filter((call) => !isRead(call, rules) && outcomeOf(call) === 'answered');
  const counts = groupsOf(effective).map((group) => countGroup(group, rules));
  return {
    effects: counts.reduce((sum, { effects }) => sum + effects, 0),
    certain: counts.every(({ certain }) => certain),
    calls: effective,
  };
}

export function isRead(call: RecordedCall, { tools, reads }: CountingRules): boolean {
  const name = toolName(call);
  return reads.has(name) || tools.get(name)?.annotations?.readOnlyHint === true;
}

export function toolName({ server, tool }: RecordedCall): string {
  return `${server}.${tool}`;
}

/** The argument in which the tool is given the key, and whether it lists that argument; undefined without a key. */
export function keyArgument(
  call: RecordedCall,
  { tools }: CountingRules,
): { readonly name: string; readonly listed: boolean } | undefined {
  const name = Object.entries(call.args).find(([, value]) => call.key !== undefined && value === call.key)?.[0];
  if (name === undefined) return undefined;
  const properties = tools.get(toolName(call))?.inputSchema?.properties;
  return { name, listed: properties === undefined || Object.hasOwn(properties, name) };
}

/** What became of a call: `unanswered` when its server was killed, or still works on it. */
export function outcomeOf({ answer }: RecordedCall): 'answered' | 'refused' | 'unanswered' {
  if (!answer) return 'unanswered';
  return answer.error !== undefined || readToolResult(resultOf(answer.result)).kind === 'failure'
    ? 'refused'
    : 'answered';
}

/** What the tool answered, as a task sees it. */
export function answerOf({ answer }: RecordedCall): unknown {
  const read = readToolResult(resultOf(answer?.result));
  return read.kind === 'answer' ? read.value : read.failure.message;
}

type ToolResult = Parameters<typeof readToolResult>[0];

/** Whatever came over the wire; a result without content is an empty one. */
function resultOf(result: unknown): ToolResult {
  const whole = typeof result === 'object' && result !== null ? result : {};
  return { content: [], ...whole };
}

function groupsOf(calls: readonly RecordedCall[]): readonly (readonly RecordedCall[])[] {
  const groups = new Map<string, RecordedCall[]>();
  for (const call of calls) {
    const id = `${toolName(call)} ${canonicalJson(call.args)}`;
    groups.set(id, [...(groups.get(id) ?? []), call]);
  }
  return [...groups.values()];
}

function countGroup(calls: readonly RecordedCall[], rules: CountingRules): { effects: number; certain: boolean } {
  const [first] = calls;
  if (!first || calls.length === 1) return { effects: calls.length, certain: true };
  const answers = new Set(calls.map((call) => canonicalJson(without(answerOf(call), rules.ignore) ?? null)));
  if (answers.size > 1) return { effects: answers.size, certain: true };
  const hint = rules.tools.get(toolName(first))?.annotations?.idempotentHint;
  const key = keyArgument(first, rules);
  if (key?.listed || hint === true) return { effects: 1, certain: true };
  // A key that the tool does not know is dropped on its way in.
  if (key || hint === false) return { effects: calls.length, certain: true };
  return { effects: 1, certain: false };
}

function without(value: unknown, ignore: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, ignore));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (ignore.has(name) ? [] : [[name, without(inner, ignore)]])),
  );
}
