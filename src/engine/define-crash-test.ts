/** What `switchyard crash-test <file>` reads from a file: which workflow, with which input, and how to count its effects. */
import type { Workflow, WorkflowInput } from '../orchestrators/definition.js';
import type { McpJson } from './define-config.js';

/** One step, branch or route of one run, of which the sandbox is to be asked. */
export interface EffectQuestion {
  /** Name of the step, branch or route. */
  readonly step: string;
  readonly run: string;
  /** The key that each attempt of the step gave to its tool. */
  readonly key: string;
  readonly input: unknown;
  /** Calls a tool of the configured servers, straight: it is not recorded. It must only read. */
  call(capability: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export interface CrashTest<W extends Workflow = Workflow> {
  readonly workflow: W;
  /** Input of every run. Each run has its own id and keys, but all have this input. */
  readonly input: WorkflowInput<W>;
  /**
   * Answers to what a run waits for, by stage: `'approve'` or `'reject'` for an `approval()`, its value for a `signal()`. They
   * are given when the run asks for them, and must let it complete; in a list, `item` answers for each. A stage with a short
   * deadline may be left to it.
   */
  readonly answers?: Readonly<Record<string, unknown>>;
  /**
   * How many effects of this step of this run stand in the sandbox, or a list of them: one after a run that completed, none
   * after one that was undone. Undefined where it cannot tell; then the tool's own words are counted, as they are without it.
   */
  readonly effects?: (
    question: EffectQuestion,
  ) => number | readonly unknown[] | undefined | Promise<number | readonly unknown[] | undefined>;
  /** Capabilities that only read, of servers that do not say so themselves (`readOnlyHint`). */
  readonly reads?: readonly string[];
  /** Members of answers that differ although nothing new has happened, such as `timestamp`; at any depth. */
  readonly ignore?: readonly string[];
  /** Path of an `mcp.json`, from the file's folder on, or its content. Default: as for every other command. */
  readonly mcp?: string | McpJson;
}

/** Types the crash test; nothing else happens here. */
export function defineCrashTest<W extends Workflow>(test: CrashTest<W>): CrashTest<W> {
  return Object.freeze({ ...test });
}
