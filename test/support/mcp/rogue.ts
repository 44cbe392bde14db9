/** Starts the misbehaving server for a test, over stdio (by the pool itself) or over HTTP (by us), and reads its journal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool, type ToolPool, type ToolPoolOptions } from '../../../src/adapters/mcp/tool-pool.js';
import { SwitchyardError } from '../../../src/errors.js';

const SCRIPT = fileURLToPath(new URL('./rogue-server.mjs', import.meta.url));

export type PoolOverrides = Partial<Omit<ToolPoolOptions, 'config'>> & {
  readonly bindings?: unknown;
  readonly limits?: object;
};

export interface Rogue {
  readonly pool: ToolPool;
  readonly folder: string;
  /** What reached the server so far, a word per call. */
  journal(): string[];
  /** Resolves when the journal holds the word, as often as asked. */
  journaled(word: string, times?: number): Promise<void>;
  /** How often the journal holds the word. */
  count(word: string): number;
  /** Lets the calls of `hold` be answered. */
  release(): void;
  close(): Promise<void>;
}

export interface HttpRogue extends Rogue {
  readonly url: string;
  /** Kills the server process; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, without its sessions. */
  restart(): Promise<void>;
}

const QUICK = { startTimeoutMs: 5_000 };
/** No health checks but those a test asks for, and pings that are soon over. */
const QUICK_LIMITS = { health: { every: false, timeout: 200 } };

export function rogueOverStdio(
  overrides: PoolOverrides & { readonly args?: readonly string[]; readonly env?: object } = {},
): Rogue {
  const { args = [], env, bindings, limits, ...options } = overrides;
  const base = journalIn();
  const server = {
    command: process.execPath,
    args: [SCRIPT, '--journal', base.path, ...args],
    limits: { ...QUICK_LIMITS, ...limits },
    ...(env && { env }),
  };
  const config = parseMcpConfig({ mcpServers: { rogue: server }, ...(bindings !== undefined && { bindings }) }, 'test');
  const pool = createToolPool({ config, ...QUICK, ...options });
  return { ...base.api, pool, close: () => pool.close().then(base.remove) };
}

export async function rogueOverHttp(
  overrides: PoolOverrides & { readonly args?: readonly string[]; readonly headers?: Record<string, string> } = {},
): Promise<HttpRogue> {
  const { args = [], headers, bindings, limits, ...options } = overrides;
  const base = journalIn();
  const start = (port: string) =>
    listening(spawn(process.execPath, [SCRIPT, '--journal', base.path, '--http', port, ...args]));
  let running = await start('0');
  const port = running.port;
  const url = `http://127.0.0.1:${port}/mcp`;
  const server = { url, limits: { ...QUICK_LIMITS, ...limits }, ...(headers && { headers }) };
  const config = parseMcpConfig({ mcpServers: { rogue: server }, ...(bindings !== undefined && { bindings }) }, 'test');
  const pool = createToolPool({ config, ...QUICK, ...options });
  const kill = async () => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    const exited = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await exited;
  };
  return {
    ...base.api,
    pool,
    url,
    kill,
    restart: async () => {
      await kill();
      running = await start(port);
    },
    close: async () => {
      await pool.close();
      await kill();
      base.remove();
    },
  };
}

async function listening(child: ChildProcess): Promise<{ child: ChildProcess; port: string }> {
  const [chunk] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  return { child, port: String(chunk).trim() };
}

function journalIn() {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-rogue-'));
  const path = join(folder, 'journal');
  const journal = () => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []);
  const count = (word: string) => journal().filter((one) => one === word).length;
  return {
    path,
    api: {
      folder,
      journal,
      journaled: (word: string, times = 1) => eventually(() => count(word) >= times, `"${word}" in the journal`),
      count,
      release: () => writeFileSync(`${path}.release`, ''),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Resolves when the condition holds; rejects after five seconds. */
export async function eventually(condition: () => boolean, what = 'the condition'): Promise<void> {
  const giveUpAt = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`${what} did not come true within 5 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The SwitchyardError that a call ends with; an error of the test when it does not, or with another kind. */
export async function failureOf(call: Promise<unknown>): Promise<SwitchyardError> {
  try {
    const value = await call;
    throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
}
