/**
 * What is written down about a server's calls: one line of JSON each, appended to one file by every proxy and worker. A line
 * is written in one piece and before what it tells of goes on, so that it survives the SIGKILL of whoever wrote it; of one that did
 * not, what it tells of has not gone on.
 */
import { appendFileSync } from 'node:fs';
import { z } from 'zod';

/** What a tool says of itself in `tools/list`. */
const ToolFacts = z.object({
  name: z.string(),
  annotations: z
    .looseObject({ readOnlyHint: z.boolean().optional(), idempotentHint: z.boolean().optional() })
    .optional(),
  inputSchema: z.looseObject({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
});
export type ToolFacts = z.infer<typeof ToolFacts>;

/** The tools of one page of a list, whatever else the server says there. */
export function toolFactsOf(page: unknown): readonly ToolFacts[] {
  return z.object({ tools: z.array(ToolFacts) }).safeParse(page).data?.tools ?? [];
}

/** A proxy is up; it leads the process group of the server behind it. */
interface StartedLine {
  readonly kind: 'started';
  readonly server: string;
  readonly pid: number;
  /** Process that started the proxy. */
  readonly worker: number;
}

interface ToolsLine {
  readonly kind: 'tools';
  readonly server: string;
  readonly tools: readonly ToolFacts[];
}

/** A call is about to be handed to the server. */
export interface CallLine {
  readonly kind: 'call';
  readonly id: string;
  readonly server: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Absent for a call that no run made. */
  readonly run?: string;
  readonly stage?: string;
  readonly attempt?: number;
  /** The key that the task gave to the tool. */
  readonly key?: string;
}

/** The server has answered, whether or not the caller ever hears of it. */
export interface AnswerLine {
  readonly kind: 'answer';
  readonly id: string;
  /** The tool's result as it came, or the server's JSON-RPC error. */
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
  readonly ms: number;
  /** False: the answer goes no further. */
  readonly delivered: boolean;
}

export type ProxyLine = StartedLine | ToolsLine | CallLine | AnswerLine;

/**
 * Synchronous on purpose: what happens next may be the end of this process. Begins a line of its own, since whoever wrote before
 * may have been killed in the middle of one: Linux cuts a write that meets a SIGKILL at the end of a page.
 */
export function appendLine(path: string, line: object): void {
  appendFileSync(path, `\n${JSON.stringify(line)}\n`);
}
