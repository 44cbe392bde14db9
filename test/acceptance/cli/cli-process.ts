/** The compiled command line as its users start it. `npm test` builds first; alone, run `npm run build` before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { deletePrefix, redisUrl, testPrefix } from '../../support/redis.js';

export const DIST = process.env.SWITCHYARD_TEST_DIST ?? fileURLToPath(new URL('../../../dist', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Starts a command and resolves when it has ended. */
  run(argv: readonly string[], input?: string): Promise<Ended>;
  /** Starts a command and waits for nothing. */
  begin(argv: readonly string[]): Pick<Started, 'child' | 'ended'>;
  /** Starts a command and resolves with it at the first line of its standard output that fits. */
  start(argv: readonly string[], ready: RegExp): Promise<Started>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly line: string;
  /** Resolves with the next line of standard output that fits. */
  next(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

/** A working folder with the test's own prefix; `more` is put into its configuration, after its imports. */
export async function place(
  more: { readonly imports?: string; readonly workflows?: string; readonly redis?: string | undefined } = {},
): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-cli-'));
  const prefix = testPrefix();
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await deletePrefix(prefix);
  });
  const url = (path: string) => JSON.stringify(pathToFileURL(join(DIST, path)).href);
  await writeFile(
    join(folder, 'switchyard.config.mjs'),
    `import { shippedWorkflows } from ${url('workflows/index.js')};
import * as api from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
${more.imports ?? ''}
export default { workflows: [...shippedWorkflows${more.workflows ?? ''}], prefix: '${prefix}' };
`,
  );
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    REDIS_URL: 'redis' in more ? more.redis : redisUrl(),
    SWITCHYARD_WEATHER_SOURCE: 'sample',
  };
  const spawned = (argv: readonly string[]) => {
    const child = spawn(process.execPath, [join(DIST, 'main.js'), ...argv], { cwd: folder, env });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  return {
    folder,
    env,
    async run(argv, input = '') {
      const child = spawned(argv);
      child.stdin.end(input);
      return await endOf(child);
    },
    begin(argv) {
      const child = spawned(argv);
      return { child, ended: endOf(child) };
    },
    async start(argv, ready) {
      const child = spawned(argv);
      const ended = endOf(child);
      const lines = createInterface(child.stdout);
      const next = async (pattern: RegExp): Promise<string> => {
        const found = new Promise<string>((resolve) => {
          lines.on('line', (line) => pattern.test(line) && resolve(line));
        });
        const early = ended.then(({ err }): never => {
          throw new Error(`ended before it said ${pattern}: ${err}`);
        });
        early.catch(() => undefined);
        return await Promise.race([found, early]);
      };
      return { child, line: await next(ready), next, ended };
    },
  };
}

async function endOf(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, out, err };
}
