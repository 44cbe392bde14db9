/** Worker processes of the shop: the shipped command, or the same wiring with locks that run out quickly. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parentDeathGuard } from '../../../src/adapters/mcp/parent-death-guard.js';

export interface ShopWorkerOptions {
  readonly folder: string;
  readonly prefix: string;
  readonly url: string;
  readonly quick: boolean;
  /** Modules of this folder that are loaded before anything else. */
  readonly preload?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ShopWorker {
  readonly pid: number;
  /** All that it has printed. */
  readonly output: () => string;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Ends it, frozen or not. */
  end(): Promise<void>;
}

const QUICK_WORKER = fileURLToPath(new URL('./quick-worker.ts', import.meta.url));
const READY = /\bis ready\b/;

export async function startShopWorker(options: ShopWorkerOptions): Promise<ShopWorker> {
  const { folder, prefix, url, quick, preload = [], env = {} } = options;
  const before = preload.flatMap((name) => ['--import', new URL(`./${name}`, import.meta.url).href]);
  const program = quick
    ? ['--import', 'tsx', QUICK_WORKER, folder, prefix]
    : [
        join(resolve('dist'), 'main.js'),
        ...['worker', '--data', folder, '--mcp', join(folder, 'mcp.json')],
        ...['--config', join(folder, 'switchyard.config.mjs')],
      ];
  const words = [...(await parentDeathGuard()), process.execPath, ...before, ...program];
  const [command = process.execPath, ...args] = words;
  const child = spawn(command, args, {
    env: { ...process.env, ...env, REDIS_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let onText = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      onText();
    });
  }
  const ended = endOf(child);
  const ready = new Promise<'ready'>((done) => {
    onText = () => READY.test(text) && done('ready');
  });
  const first = await Promise.race([ready, ended]);
  if (first !== 'ready') throw new Error(`the worker ended with ${first} before it was ready: ${text}`);
  return {
    pid: child.pid ?? 0,
    output: () => text,
    signal: (signal) => void child.kill(signal),
    ended,
    async end() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | string> {
  const [code, signal] = await once(child, 'exit');
  return signal ?? code;
}
