/**
 * One live connection to one server: from initialize to close. It never comes back to life; a new one replaces it.
 */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { Logger } from '../../ports.js';
import { httpRefusal } from './http-refusal.js';

// Of a tool only its name is needed: one whose schema the SDK's own type refuses must not hide all others.
const describedTool = z.looseObject({ name: z.string() });
const toolPage = z.looseObject({ tools: z.array(describedTool), nextCursor: z.string().optional() });

/** A tool as its server lists it: nothing but its name is certain. */
export type DescribedTool = z.output<typeof describedTool>;

const CLIENT = { name: 'switchyard', version: '1' };

/** setTimeout's own limit. Calls end by their signal, so that the SDK's timer must never be the first. */
const NEVER_MS = 2 ** 31 - 1;

export interface SessionCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** One for this call alone: the SDK never takes its listeners off. */
  readonly signal: AbortSignal;
  /** The server says that it works on it. Without a listener it is not asked to. */
  readonly onProgress: () => void;
}

/** `unknown-session`: the server answers, and does not know us any more. */
export type PingResult = 'answered' | 'unknown-session' | 'unanswered';

export class ServerSession {
  readonly #client: Client;
  readonly #requestLimitMs: number;
  #tools: Promise<ReadonlySet<string> | undefined> | undefined;
  #lost = false;
  #closing: Promise<void> | undefined;
  #callsUnderWay = 0;
  #onIdle: (() => void) | undefined;
  #timeoutsInARow = 0;
  #timesHeard = 0;

  private constructor(client: Client, requestLimitMs: number) {
    this.#client = client;
    this.#requestLimitMs = requestLimitMs;
  }

  /**
   * Starts the transport and initializes, within `limitMs` milliseconds; listing tools has the same limit. Rejects with
   * what the SDK or the transport threw; the transport is closed then.
   */
  static async open(
    transport: Transport,
    limitMs: number,
    logger: Logger | undefined,
    onLost: () => void,
  ): Promise<ServerSession> {
    const client = new Client(CLIENT);
    const session = new ServerSession(client, limitMs);
    // Set before connect(), which keeps it and calls it first: whoever sees its call rejected must see the loss.
    transport.onclose = () => {
      session.#lost = true;
      onLost();
    };
    // Told without the message's text when it is a late answer: that text holds the answer.
    client.onerror = (error) => {
      const late = error.message.startsWith('Received a response for an unknown message ID');
      logger?.debug({ reason: late ? 'an answer came after its call had ended' : error.message }, 'MCP connection');
    };
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      session.#tools = undefined;
    });
    try {
      await client.connect(transport, { timeout: limitMs });
      return session;
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  /** No call can succeed on it any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** What the server calls itself. */
  get implementation(): { readonly name: string; readonly version: string } | undefined {
    return this.#client.getServerVersion();
  }

  /** The names of all tools, every page; undefined when the server does not list tools at all. */
  tools(): Promise<ReadonlySet<string> | undefined> {
    const asked = this.#tools ?? this.#listTools();
    this.#tools = asked;
    asked.catch(() => {
      if (this.#tools === asked) this.#tools = undefined;
    });
    return asked;
  }

  refreshTools(): Promise<ReadonlySet<string> | undefined> {
    this.#tools = undefined;
    return this.tools();
  }

  async call({ tool, args, meta, signal, onProgress }: SessionCall): Promise<CallToolResult> {
    // Not client.callTool(): it checks output schemas for the tools of the last page listed, and only for those. The
    // answer is checked against the capability's contract instead.
    this.#callsUnderWay += 1;
    try {
      return await this.#client.request(
        { method: 'tools/call', params: { name: tool, arguments: { ...args }, ...(meta && { _meta: { ...meta } }) } },
        CallToolResultSchema,
        { signal, timeout: NEVER_MS, onprogress: onProgress },
      );
    } finally {
      this.#callsUnderWay -= 1;
      if (this.#callsUnderWay === 0) this.#onIdle?.();
    }
  }

  /** A call had its answer, or a sign that it is worked on. */
  heard(): void {
    this.#timeoutsInARow = 0;
    this.#timesHeard += 1;
  }

  /** A call ended without either; returns how many have in a row. */
  timedOut(): number {
    this.#timeoutsInARow += 1;
    return this.#timeoutsInARow;
  }

  /** Whether the server answers at all within the limit: the ping, or a call meanwhile. */
  async ping(limitMs: number): Promise<PingResult> {
    const heardBefore = this.#timesHeard;
    try {
      await this.#client.ping({ timeout: limitMs });
      return 'answered';
    } catch (error) {
      const refusal = httpRefusal(error);
      if (refusal?.sessionLost) return 'unknown-session';
      // A server without ping says so, which is an answer; and so is being turned away.
      const answered = error instanceof McpError && error.code === ErrorCode.MethodNotFound;
      return answered || refusal?.unprocessed || this.#timesHeard > heardBefore ? 'answered' : 'unanswered';
    }
  }

  /** Takes no new call, and closes when those under way have ended: some of them may still be answered. */
  async retire(): Promise<void> {
    this.#lost = true;
    if (this.#callsUnderWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.close();
  }

  /** Ends every call on it and resolves when nothing of the connection is left. */
  close(): Promise<void> {
    this.#lost = true;
    this.#closing ??= this.#client.close();
    return this.#closing;
  }

  /** All tools, every page, asked anew; undefined when the server does not list tools at all. */
  async describeTools(): Promise<readonly DescribedTool[] | undefined> {
    const tools: DescribedTool[] = [];
    let cursor: string | undefined;
    try {
      do {
        const page = await this.#client.request(
          { method: 'tools/list', ...(cursor !== undefined && { params: { cursor } }) },
          toolPage,
          { timeout: this.#requestLimitMs },
        );
        tools.push(...page.tools);
        // A server that hands out the same cursor for ever must not keep us listing.
        cursor = page.nextCursor === cursor ? undefined : page.nextCursor;
      } while (cursor !== undefined);
      return tools;
    } catch (error) {
      if (error instanceof McpError && error.code === ErrorCode.MethodNotFound) return undefined;
      throw error;
    }
  }

  async #listTools(): Promise<ReadonlySet<string> | undefined> {
    const tools = await this.describeTools();
    return tools && new Set(tools.map(({ name }) => name));
  }
}
