/**
 * One MCP server as a child process, speaking JSON-RPC over its stdin and stdout.
 *
 * In place of the SDK's own stdio transport, which hides the exit code, closes the pipe under every call when one answer
 * is too large, and needs four seconds to end a server that ignores its stdin:
 *
 * - the server is started directly, without a shell, with the SDK's short list of inherited variables and its own;
 * - it leads a process group of its own: Ctrl-C in a terminal reaches the worker, which drains, and not the servers that
 *   it drains with; and what a server has started itself ends with it;
 * - {@link StdioTransport.close} ends stdin and asks with SIGTERM, kills after two seconds, and resolves when the process
 *   is gone.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { getDefaultEnvironment } from '@modelcontextprotocol/sdk/client/stdio.js';
import { deserializeMessage, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Logger } from '../../ports.js';
import type { StdioServerSettings } from './config.js';
import { lossResponse } from './lost-answer.js';
import { MessageLines } from './message-lines.js';
import { parentDeathGuard } from './parent-death-guard.js';
import type { PidList } from './pid-list.js';
import { StderrTail } from './stderr-tail.js';

/** Milliseconds between SIGTERM and SIGKILL. */
const KILL_AFTER_MS = 2_000;

/** Milliseconds that a dead server's pipes are still read; a descendant that left the group may hold them for ever. */
const DRAIN_MS = 500;

const POSIX = process.platform !== 'win32';

export interface StdioTransportOptions {
  /** Longest line taken in, in characters. */
  readonly maxMessageLength: number;
  readonly pidList?: PidList | undefined;
  readonly logger?: Logger | undefined;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];

  readonly #settings: StdioServerSettings;
  readonly #options: StdioTransportOptions;
  readonly #stderr: StderrTail;
  #child: Child | undefined;
  #gone: Promise<void> | undefined;
  #ended = false;
  #endedByUs = false;

  constructor(settings: StdioServerSettings, options: StdioTransportOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#stderr = new StderrTail(settings.redact, options.logger);
  }

  /** How the process ended of itself, for an error message; undefined while it runs, and when we ended it. */
  get ending(): string | undefined {
    const child = this.#child;
    if (!child || this.#endedByUs) return undefined;
    if (child.signalCode !== null) return `was ended by ${child.signalCode}`;
    return child.exitCode === null ? undefined : `exited with code ${child.exitCode}`;
  }

  get lastWords(): readonly string[] {
    return this.#stderr.lines();
  }

  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#settings;
    // Spawning into a folder that is not there is reported as if the program were missing.
    if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
      throw new Error(`its cwd ${cwd} is not a folder`);
    const [program = command, ...words] = [...(await parentDeathGuard()), command, ...args];
    const child = spawn(program, words, {
      env: { ...getDefaultEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      detached: POSIX,
      ...(cwd !== undefined && { cwd }),
    });
    this.#child = child;
    const spawned = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    this.#gone = this.#watch(child);
    await spawned;
    if (child.pid !== undefined) this.#options.pidList?.add(child.pid);
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin;
    if (!stdin?.writable) return Promise.reject(new Error("the server's stdin is closed"));
    return new Promise((resolve, reject) => {
      stdin.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    // Calls on this connection end now, not when the process has finished dying.
    this.#end();
    const child = this.#child;
    if (!child) return;
    this.#endedByUs ||= isRunning(child);
    child.stdin.end();
    this.#ask(child, 'SIGTERM');
    const killer = setTimeout(() => this.#ask(child, 'SIGKILL'), KILL_AFTER_MS);
    await this.#gone;
    clearTimeout(killer);
  }

  #watch(child: Child): Promise<void> {
    const lines = new MessageLines(this.#options.maxMessageLength);
    child.stdout.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) {
        if (line.kind === 'line') this.#take(line.text);
        else this.#refuseTooLong(line.id);
      }
    });
    child.stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk));
    // A pipe to a dying process fails with EPIPE; the exit that follows is what counts.
    for (const stream of [child.stdin, child.stdout, child.stderr])
      stream.on('error', (error) => this.onerror?.(error));
    child.on('error', (error) => this.onerror?.(error));
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#end();
        resolve();
      };
      child.once('exit', () => {
        // Still in the tick in which the process was reaped: its number is not anybody else's group yet.
        signalGroup(child, 'SIGKILL');
        if (child.pid !== undefined) this.#options.pidList?.remove(child.pid);
        const drain = setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        }, DRAIN_MS);
        child.once('close', () => clearTimeout(drain));
      });
      child.once('close', finish);
      child.once('error', () => {
        // A process that never was has no 'exit'.
        if (child.pid === undefined) finish();
      });
    });
  }

  #take(text: string): void {
    try {
      this.onmessage?.(deserializeMessage(text));
    } catch (cause) {
      // Not JSON-RPC: a server that prints to stdout by mistake. The line is dropped, the connection stays.
      this.onerror?.(new Error(`not a JSON-RPC message: ${this.#settings.redact(text).slice(0, 120)}`, { cause }));
    }
  }

  #refuseTooLong(id: number | undefined): void {
    const message = `a message of more than ${this.#options.maxMessageLength} characters`;
    if (id !== undefined) this.onmessage?.(lossResponse(id, 'too-large', message));
    else {
      this.onerror?.(new Error(`${message}, and nothing says which call it answers`));
      void this.close();
    }
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onclose?.();
  }

  // Once the process is reaped its number may belong to somebody else.
  #ask(child: Child, signal: NodeJS.Signals): void {
    if (isRunning(child)) signalGroup(child, signal);
  }
}

function isRunning(child: Child): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (POSIX) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // The group is empty: there is nothing left to signal.
  }
}
