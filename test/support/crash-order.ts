/** Orders to a worker process that is to die, and the means to start one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import type { WorkerSettings } from '../../src/worker-settings.js';

type Instant =
  | `${'before' | 'after'}-${'intent' | 'finish' | 'done' | 'append' | 'failure' | 'decision' | 'end'}`
  | 'after-effect'
  | 'aggregate';

/** `hold`: the task waits after its effect, so that the process can be frozen there. `never`: it works on. */
export type CrashPoint = Instant | 'hold' | 'never';

/** One strike: at this point of this stage the process kills itself, or freezes until it is told to go on. */
export interface Strike {
  readonly point: Instant;
  /** The stage at which; for an append, the first that is appended; empty where there is only one. */
  readonly stage: string;
  readonly how: 'kill' | 'freeze';
}

/** Strikes by run, each made once, whichever process comes there first. */
export type StrikePlan = Readonly<Record<string, readonly Strike[]>>;

export const MUTANTS = [
  'no-forward-key',
  'no-undo-key',
  'no-intent',
  'max-stalled-count-1',
  'no-fence',
  'id-reused',
] as const;
export type Mutant = (typeof MUTANTS)[number];

export interface CrashOrder {
  readonly url: string;
  readonly prefix: string;
  /** For every run, where no plan says which run it is for. */
  readonly point: CrashPoint;
  readonly stage?: string;
  readonly settings: Partial<WorkerSettings>;
  /** Workflows on real MCP servers, and where to strike which run of them. */
  readonly matrix?: {
    /** Folder with `plan.json`, `struck/` (one file for each strike made) and `journal/` (one for each process). */
    readonly folder: string;
    readonly servers: Readonly<Record<string, string>>;
    /** Ends of effects are recorded, appended and completed one after the other, as in a Worker that is not ours. */
    readonly plain?: true;
    readonly mutant?: Mutant;
    readonly retention?: { readonly ageMs: number; readonly count: number };
  };
  /** Works only once a line arrives on its stdin: a spare, warm and ready to take over. */
  readonly spare?: boolean;
}

const PROGRAM = fileURLToPath(new URL('./crash-worker.ts', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));

/** Below the project, so that its packages are found; of this process, as two runs may overlap. */
const FOLDER = resolve('.switchyard', `crash-worker-${process.pid}`);

let built: Promise<string> | undefined;

/**
 * The worker and all it imports in one file. A process of it starts in a third of a second where one that is compiled
 * file by file takes two; with hundreds of kills that is most of what they cost.
 */
function program(): Promise<string> {
  built ??= bundle();
  return built;
}

async function bundle(): Promise<string> {
  const outfile = join(FOLDER, 'worker.mjs');
  mkdirSync(join(FOLDER, 'lua'), { recursive: true });
  process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
  await build({
    entryPoints: [PROGRAM],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    // BullMQ and others are CommonJS, and ask for `require`.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  // Its service is a process of its own, and would be counted among what a test leaves behind.
  await stop();
  for (const folder of ['lua', 'adapters/lua', 'queues/lua'].map((path) => join(SOURCES, path))) {
    await Promise.all(readdirSync(folder).map((file) => copyFile(join(folder, file), join(FOLDER, 'lua', file))));
  }
  return outfile;
}

/** Resolves once the worker works, or stands by as a spare. Whoever starts one ends it. */
export async function startCrashWorker(order: CrashOrder): Promise<ChildProcess> {
  const child = spawn(process.execPath, [await program(), JSON.stringify(order)], {
    stdio: [order.spare ? 'pipe' : 'ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`)));
  ended.catch(() => {});
  if (!child.stdout) throw new Error('the worker has no stdout');
  await Promise.race([once(child.stdout, 'data'), ended]);
  return child;
}

/** The signal that ended it, or its exit code. */
export async function endOf(child: ChildProcess): Promise<string | number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}
