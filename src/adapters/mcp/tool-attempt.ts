/**
 * One attempt at one tool call: session, tool known, arguments out, answer back, classified and checked.
 */
import { SwitchyardError } from '../../errors.js';
import type { ToolCallOptions } from '../../ports.js';
import { checkAnswer, type ToolContract } from './answer-contract.js';
import type { Binding } from './binding-config.js';
import type { CallDeadline } from './call-deadline.js';
import { callFailure, type FailedCall, where, words } from './call-failure.js';
import { translationFor } from './choose-translation.js';
import type { GuardedServer } from './guarded-server.js';
import { httpRefusal } from './http-refusal.js';
import type { ServerConnection } from './server-connection.js';
import type { ServerSession } from './server-session.js';
import { readToolResult } from './tool-answer.js';
import type { ToolArguments } from './translation.js';

export interface Route {
  readonly capability: string;
  readonly server: GuardedServer;
  readonly tool: string;
  readonly binding: Binding | undefined;
}

export interface Attempt {
  readonly route: Route;
  readonly contract: ToolContract | undefined;
  readonly args: ToolArguments;
  readonly deadline: CallDeadline;
  readonly options: ToolCallOptions;
  readonly maxAnswerBytes: number;
}

/** Rejects with a SwitchyardError only. */
export async function attemptCall(attempt: Attempt): Promise<unknown> {
  const { route, deadline, options } = attempt;
  const { connection } = route.server;
  let session: ServerSession | undefined;
  let sent = false;
  try {
    session = await deadline.race(connection.session());
    await deadline.race(requireTool(session, attempt));
    const translation = translationFor(route.binding, route.tool, session.implementation?.name);
    const args = translation.toTool(attempt.args);
    const signal = deadline.attemptSignal();
    signal.throwIfAborted();
    sent = true;
    deadline.listen();
    const onProgress = () => {
      deadline.progressed();
      session?.heard();
    };
    const result = await deadline.race(
      session.call({ tool: route.tool, args, meta: options.meta, signal, onProgress }),
    );
    connection.heard(session);
    const call = failedCall(attempt, session, sent);
    const answer = readToolResult(result);
    if (answer.kind === 'failure') {
      const { message, ...advice } = answer.failure;
      throw new SwitchyardError('TOOL_FAILED', `${where(call)} failed: ${words(message, call.redact)}`, {
        ...advice,
        answered: true,
      });
    }
    requireSize(answer.value, attempt.maxAnswerBytes, call);
    const value = translation.fromTool(answer.value, attempt.args);
    return attempt.contract ? checkAnswer({ value, plainText: answer.plainText }, attempt.contract, call) : value;
  } catch (error) {
    const failure = callFailure(error, failedCall(attempt, session, sent));
    if (session) report(connection, session, { error, failure, deadline });
    throw failure;
  }
}

interface AttemptEnd {
  readonly error: unknown;
  readonly failure: SwitchyardError;
  readonly deadline: CallDeadline;
}

function report(connection: ServerConnection, session: ServerSession, { error, failure, deadline }: AttemptEnd): void {
  if (httpRefusal(error)?.sessionLost) connection.forget(session);
  if (failure.answered) connection.heard(session);
  const timedOut = deadline.why === 'timeout' || deadline.why === 'idle';
  if (timedOut && !deadline.heard) connection.suspect(session);
}

function failedCall({ route, deadline }: Attempt, session: ServerSession | undefined, sent: boolean): FailedCall {
  const { name, redact } = route.server.settings;
  return {
    capability: route.capability,
    server: name,
    tool: route.tool,
    times: deadline,
    redact,
    sent,
    connectionLost: session?.lost ?? false,
  };
}

/** Nothing is sent to a tool that the server does not list; the list is asked again before saying so. */
async function requireTool(session: ServerSession, { route }: Attempt): Promise<void> {
  const known = await session.tools();
  if (!known || known.has(route.tool)) return;
  const fresh = await session.refreshTools();
  if (!fresh || fresh.has(route.tool)) return;
  const { capability, tool, server } = route;
  throw new SwitchyardError(
    'UNKNOWN_TOOL',
    `${capability} asks for tool "${tool}", which MCP server "${server.settings.name}" does not have; it has: ${[...fresh].sort().join(', ') || 'none'}. Bind ${capability} to one of them under "bindings".`,
  );
}

function requireSize(value: unknown, maxBytes: number, call: FailedCall): void {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes <= maxBytes) return;
  throw new SwitchyardError(
    'ANSWER_TOO_LARGE',
    `${where(call)} answered with ${bytes} bytes of JSON; the limit is ${maxBytes}. Ask it for less, or raise maxAnswerBytes.`,
    { answered: true },
  );
}
