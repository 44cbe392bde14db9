/**
 * An MCP server that stands in front of another: passes on what it is asked, writes down each call and each answer, and
 * loses, delays or doubles the calls that are marked so. It decides nothing itself: the worker marks its calls.
 *
 * One process per server and worker, between them over stdio, so that a worker that is killed takes it along exactly as it
 * takes the server itself; what it wrote down stays.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  McpError,
  type Result,
  ResultSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { CallOrder } from './call-order.js';
import { appendLine, type ProxyLine, toolFactsOf } from './record.js';
import { type MarkedCall, marksOf, type ProxySettings, withoutMarks } from './settings.js';

/** The caller has its own limits; a call that it has given up must still be seen to its end. */
const NO_LIMIT_MS = 2 ** 31 - 1;

interface ToolCall {
  readonly name: string;
  readonly arguments?: Record<string, unknown> | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** The server for the one worker; `upstream` is connected already. */
export function createProxy(upstream: Client, { server: name, record }: ProxySettings): Server {
  const write = (line: ProxyLine): void => appendLine(record, line);
  const order = new CallOrder();
  // The pool knows some servers by the name that they give, so the proxy gives theirs.
  const server = new Server(upstream.getServerVersion() ?? { name, version: '0' }, {
    capabilities: { tools: { listChanged: true } },
  });

  server.setRequestHandler(ListToolsRequestSchema, async ({ params }, { signal }) => {
    const page = await upstream
      .request({ method: 'tools/list', ...(params && { params }) }, ResultSchema, { signal })
      .catch(passOn);
    write({ kind: 'tools', server: name, tools: toolFactsOf(page) });
    return page;
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const marks = marksOf(params._meta);
    const stage = `${marks.run}/${marks.stage}`;
    switch (marks.fault) {
      case undefined: {
        const answer = await send(params, marks, { delivered: true, signal });
        order.answered(stage);
        return answer;
      }
      case 'twice': {
        const first = await send(params, marks, { delivered: true });
        await send(params, marks, { delivered: false });
        return first;
      }
      case 'late':
        await send(params, marks, { delivered: false, after: order.overtaken(stage) });
        return await givenUp(signal);
      case 'held':
        noteCall(params, marks);
        return await givenUp(signal);
      case 'lose':
        await send(params, marks, { delivered: false });
        return await givenUp(signal);
    }
  });

  function noteCall(call: ToolCall, { run, stage, attempt, key }: MarkedCall): string {
    const id = randomUUID();
    const of = { ...(run && { run }), ...(stage && { stage }), ...(attempt && { attempt }), ...(key && { key }) };
    write({ kind: 'call', id, server: name, tool: call.name, args: call.arguments ?? {}, ...of });
    return id;
  }

  async function send(
    call: ToolCall,
    marks: MarkedCall,
    { delivered, signal, after }: { delivered: boolean; signal?: AbortSignal; after?: Promise<void> },
  ): Promise<Result> {
    const id = noteCall(call, marks);
    await after;
    const began = performance.now();
    const answered = (said: { readonly result: Result } | { readonly error: { code: number; message: string } }) =>
      write({ kind: 'answer', id, ms: Math.round(performance.now() - began), delivered, ...said });
    try {
      const params = { ...call, ...(call._meta && { _meta: { ...withoutMarks(call._meta) } }) };
      const options = { timeout: NO_LIMIT_MS, ...(signal && { signal }) };
      const result = await upstream.request({ method: 'tools/call', params }, ResultSchema, options);
      answered({ result });
      return result;
    } catch (thrown) {
      if (thrown instanceof McpError) answered({ error: { code: thrown.code, message: thrown.message } });
      return passOn(thrown);
    }
  }
  return server;
}

/** Never answers: resolves for nobody once the caller has given the call up. */
function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(new Error('the caller gave the call up'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** The server's own error, with its code; the client has put its words before the server's. */
function passOn(thrown: unknown): never {
  if (!(thrown instanceof McpError)) throw thrown;
  const { code, data, message } = thrown;
  throw Object.assign(new Error(message.replace(/^MCP error -?\d+: /, '')), { code, data });
}
