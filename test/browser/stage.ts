/**
 * What a new user has after `switchyard up` and `switchyard worker`: the compiled programs on the tests' Redis, the shipped
 * workflows over real tool servers whose faults a test orders, and a few workflows more for what the shipped ones never do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { FaultRule } from '../../src/servers/fault-rules.js';
import { deletePrefix, openTestRedis, redisUrl, testPrefix } from '../support/redis.js';
import { EXTRA_WORKFLOWS } from './extra-workflows.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const READY_LIMIT_MS = 30_000;

export interface Stage {
  readonly url: string;
  readonly redis: Redis;
  /** Orders faults of the tools, in place of those before; servers read the file again at the next call. */
  order(faults: readonly Partial<FaultRule>[]): Promise<void>;
  /** Starts a run over HTTP, as a program would; resolves to its id. */
  start(workflow: string, input: unknown, key?: string): Promise<string>;
  /** Starts another server on the same runs; on a free port, if none is given. */
  serve(env: NodeJS.ProcessEnv, port?: string): Promise<{ readonly url: string; stop(): Promise<void> }>;
  close(): Promise<void>;
}

const Served = z.object({ url: z.string() });
const Started = z.object({ id: z.string() });

/** @param workflows the text of a configuration that defines `extraWorkflows` */
export async function openStage(
  faults: readonly Partial<FaultRule>[],
  workflows: string = EXTRA_WORKFLOWS,
): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-browser-'));
  const prefix = testPrefix();
  const faultFile = join(folder, 'faults.json');
  await writeFile(faultFile, JSON.stringify(faults));
  await writeFile(join(folder, 'switchyard.config.mjs'), configuration(folder, prefix, faultFile, workflows));
  const children: ChildProcess[] = [];
  const run = async (argv: readonly string[], ready: RegExp, more: NodeJS.ProcessEnv = {}) => {
    const { SWITCHYARD_TOKEN: _none, NODE_ENV: _test, ...env } = process.env;
    const child = spawn(process.execPath, [join(DIST, 'main.js'), ...argv], {
      cwd: folder,
      env: { ...env, REDIS_URL: redisUrl(), ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return { child, line: await firstLine(child, ready) };
  };
  const serve = async (env: NodeJS.ProcessEnv, port = '0') => {
    const { child, line } = await run(['up', '--port', port, '--json'], /"url"/, env);
    return { url: Served.parse(JSON.parse(line)).url, stop: () => end(child) };
  };
  const [{ url }] = await Promise.all([serve({}), run(['worker'], /is ready/)]);
  const redis = openTestRedis();
  return {
    url,
    redis,
    serve,
    async order(rules) {
      // Whole or not at all: a server that reads half of it would keep the old rules.
      await writeFile(`${faultFile}.next`, JSON.stringify(rules));
      await rename(`${faultFile}.next`, faultFile);
    },
    async start(workflow, input, key) {
      const response = await fetch(`${url}/v1/runs?timeline=none`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ workflow, input, ...(key !== undefined && { key }) }),
      });
      const body: unknown = await response.json();
      if (!response.ok) throw new Error(`${workflow} was not started: ${JSON.stringify(body)}`);
      return Started.parse(body).id;
    },
    async close() {
      await Promise.all(children.map(end));
      redis.disconnect();
      await deletePrefix(prefix);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function configuration(folder: string, prefix: string, faults: string, workflows: string): string {
  const url = (path: string) => JSON.stringify(pathToFileURL(join(DIST, path)).href);
  const servers = JSON.stringify({ dataDir: folder, faults, weatherSource: 'sample' });
  const files = join(folder, 'files');
  return `import { shippedWorkflows } from ${url('workflows/index.js')};
import { shippedMcpJson } from ${url('cli/tool-servers.js')};
import { provideSampleFiles } from ${url('cli/sample-files.js')};
import * as api from ${url('index.js')};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
${workflows}
await provideSampleFiles(${JSON.stringify(files)});
export default {
  workflows: [...shippedWorkflows, ...extraWorkflows],
  prefix: '${prefix}',
  mcp: shippedMcpJson(${servers}, ${JSON.stringify(files)}),
};
`;
}

async function firstLine(child: ChildProcess, ready: RegExp): Promise<string> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const limit = AbortSignal.timeout(READY_LIMIT_MS);
  const ended = once(child, 'exit', { signal: limit }).then((): never => {
    throw new Error(`it ended before it said ${ready}: ${said}`);
  });
  ended.catch(() => undefined);
  const line = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (text) => ready.test(text) && resolve(text));
  });
  return await Promise.race([line, ended]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}
