/**
 * `npm run conformance`: the official suite against our server, and those of its client scenarios that apply against our
 * client. Exit 1 on a failure that `expected-failures.yml` does not list, and on one that it lists and that no longer fails.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const MAIN = resolve('dist/main.js');
const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);
const EXPECTED = resolve('test/conformance/expected-failures.yml');
const CLIENT = `${process.execPath} --import tsx ${resolve('test/conformance/client.ts')}`;
/** Those that are about OAuth do not apply: our client sends the headers that it is configured with. */
const CLIENT_SCENARIOS = ['initialize', 'tools_call', 'sse-retry', 'elicitation-sep1034-client-defaults'];

const folder = await mkdtemp(join(tmpdir(), 'switchyard-conformance-'));
const common = ['--config', resolve('test/conformance/switchyard.config.mjs'), '--data', folder];

async function exitOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'close');
  return typeof code === 'number' ? code : 1;
}

async function suite(...args: readonly string[]): Promise<number> {
  return await exitOf(
    spawn(process.execPath, [SUITE, ...args, '--expected-failures', EXPECTED], {
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
}

async function againstOurServer(): Promise<number> {
  const server = spawn(
    process.execPath,
    [MAIN, 'mcp', '--http', '--port', '0', '--json', '--with-worker', '--dev', ...common],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = exitOf(server);
  try {
    const first = await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
    if (!Array.isArray(first)) throw new Error(`the server ended with ${first} before it listened`);
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(String(first[0])));
    return await suite('server', '--url', url, '--suite', 'all');
  } finally {
    server.kill('SIGTERM');
    await ended;
    await exitOf(spawn(process.execPath, [MAIN, 'down', ...common], { stdio: 'ignore' }));
  }
}

let worst = 0;
try {
  worst = await againstOurServer();
  for (const scenario of CLIENT_SCENARIOS) {
    worst = Math.max(worst, await suite('client', '--command', CLIENT, '--scenario', scenario));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = worst;
