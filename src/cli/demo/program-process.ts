/** A program of this package as a child process of the demo. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parentDeathGuard } from '../../adapters/mcp/parent-death-guard.js';
import { SwitchyardError } from '../../errors.js';
import type { Closing } from './closing.js';

export interface ProgramProcess {
  readonly pid: number;
  /** The line that said it was ready. */
  readonly readyLine: string;
  /** As a crash: at once, without clean-up. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface StartProgramOptions {
  /** Path in the compiled package, `main.js`. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly ready: RegExp;
  /** Ends it in any case, also before it is ready. */
  readonly closing: Closing;
}

const START_LIMIT_MS = 20_000;
/** Nothing of the demo's is worth waiting for longer: its runs end with it. */
const STOP_LIMIT_MS = 1_000;
const KEPT_LINES = 12;

/** @throws SwitchyardError SERVER_START_FAILED with its last lines */
export async function startProgram({
  program,
  args,
  env,
  ready,
  closing,
}: StartProgramOptions): Promise<ProgramProcess> {
  const path = fileURLToPath(new URL(`../../${program}`, import.meta.url));
  const [command = process.execPath, ...words] = [...(await parentDeathGuard()), process.execPath, path, ...args];
  const child = spawn(command, words, {
    env,
    // The channel is how a worker notices that the demo is gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C is the demo's: it ends its children itself, in order.
    detached: process.platform !== 'win32',
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  closing.add(() => end(child, gone));
  const readyLine = await lineOf(child, gone, program, ready);
  return {
    pid: child.pid ?? 0,
    readyLine,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function lineOf(child: ChildProcess, gone: Promise<void>, program: string, ready: RegExp): Promise<string> {
  const last: string[] = [];
  let found: (line: string) => void = () => undefined;
  const line = new Promise<string>((resolve) => {
    found = resolve;
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    // Read to the end of the process: a full pipe would stop it.
    createInterface(stream).on('line', (text) => {
      last.push(text);
      if (last.length > KEPT_LINES) last.shift();
      if (ready.test(text)) found(text);
    });
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), START_LIMIT_MS);
  });
  const first = await Promise.race([line, late, gone.then(() => undefined)]);
  clearTimeout(timer);
  if (first !== undefined) return first;
  throw new SwitchyardError(
    'SERVER_START_FAILED',
    `${program} did not become ready. Its last words: ${last.join(' | ') || '(none)'}`,
  );
}

async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(killer);
}
