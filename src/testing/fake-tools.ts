/** Tools that are functions: what each was asked, in order, and answers that fail or get lost on purpose. */

import type { ErrorRecord } from '../errors.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { ToolCaller } from '../ports.js';

export type ToolArguments = Readonly<Record<string, unknown>>;

/** A tool of a test: takes the arguments as the tool's server would get them, and returns its answer, or throws. */
export type FakeTool = (args: ToolArguments) => unknown;

/** One call, as its tool got it. */
export interface ToolCall {
  readonly capability: string;
  readonly args: ToolArguments;
  readonly run: string;
  /** The idempotency key that went with it, where the task is keyed. */
  readonly key?: string;
  readonly answer?: unknown;
  readonly error?: ErrorRecord;
}

/** Fails the first `times` calls with `error` (by default a TOOL_FAILED that may be retried), then is the tool. */
export function failing(times: number, tool: FakeTool, error?: Error): FakeTool {
  let left = times;
  return (args) => {
    if (left === 0) return tool(args);
    left -= 1;
    throw error ?? new SwitchyardError('TOOL_FAILED', 'the test has this tool fail');
  };
}

/** The first `times` calls have their effect, and their answers never arrive: what a died server or a cut line leaves. */
export function losingAnswers(times: number, tool: FakeTool): FakeTool {
  let left = times;
  return async (args) => {
    const answer = await tool(args);
    if (left === 0) return answer;
    left -= 1;
    throw new SwitchyardError('TOOL_TIMEOUT', 'the test has the answer of this tool get lost', { answered: false });
  };
}

/** @param seen called with each call when it has ended */
export function fakeToolCaller(tools: Readonly<Record<string, FakeTool>>, seen: (call: ToolCall) => void): ToolCaller {
  return {
    async call(capability, sent, { meta }) {
      const args = overTheWire(sent);
      const key = meta?.['switchyard/key'];
      const call = { capability, args, run: meta?.['switchyard/run'] ?? '', ...(key !== undefined && { key }) };
      try {
        const tool = Object.hasOwn(tools, capability) ? tools[capability] : undefined;
        if (!tool) throw unknownTool(capability, tools);
        const answer = overTheWire((await tool(args)) ?? null);
        seen({ ...call, answer });
        return answer;
      } catch (thrown) {
        const error = asToolError(thrown);
        seen({ ...call, error: error.toJSON() });
        throw error;
      }
    },
    close: async () => {},
  };
}

/** What a server gets and gives is JSON: a Date would arrive as a string there, so it does here. */
function overTheWire<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function asToolError(thrown: unknown): SwitchyardError {
  const error = toSwitchyardError(thrown);
  // What a tool throws is its own word, and no failure of the task that called it.
  return error.code === 'TASK_FAILED'
    ? new SwitchyardError('TOOL_FAILED', error.message, { ...error.toJSON() })
    : error;
}

function unknownTool(capability: string, tools: object): SwitchyardError {
  const known = Object.keys(tools).join(', ') || 'none';
  return new SwitchyardError(
    'UNKNOWN_TOOL',
    `this test has no tool "${capability}"; it has: ${known}. Give it to testWorld({ tools })`,
  );
}
