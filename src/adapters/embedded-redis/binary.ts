/**
 * Finds a Redis server to run, in this order: `redis-server`, then `valkey-server`, on the PATH; one fetched earlier into
 * the cache; Debian's, fetched now; the optional package `redis-memory-server`, when somebody has installed it. What was
 * tried and why it did not serve stands in the error.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import { cachedByApt, fetchByApt } from './apt-cache.js';

export interface RedisBinary {
  readonly path: string;
  /** Needed beside the server's own environment: where the libraries unpacked with it are. */
  readonly env: Readonly<Record<string, string>>;
  /** As the server prints it, `7.0.15`. */
  readonly version: string;
  readonly source: 'path' | 'cache' | 'apt' | 'redis-memory-server';
}

type Candidate = Omit<RedisBinary, 'version'>;

const NAMES = ['redis-server', 'valkey-server'];
const VERSION_TIMEOUT_MS = 5_000;

const run = promisify(execFile);

/**
 * @param env the environment to look into: PATH, XDG_CACHE_HOME, HOME
 * @throws SwitchyardError REDIS_UNAVAILABLE with what was tried and the command to run on this system
 */
export async function findRedisBinary(log: Logger, env: NodeJS.ProcessEnv = process.env): Promise<RedisBinary> {
  const tried: string[] = [];
  for (const candidate of await onPath(env)) {
    const binary = await usable(candidate, tried);
    if (binary) return binary;
  }
  if (tried.length === 0) tried.push('neither redis-server nor valkey-server is on the PATH');

  const cached = await cachedByApt(env);
  if (cached) {
    const binary = await usable({ ...cached, source: 'cache' }, tried);
    if (binary) return binary;
  }
  const fetched = await attempt(tried, 'fetching Debian packages', () => fetchByApt(log, env));
  if (fetched) {
    const binary = await usable({ ...fetched, source: 'apt' }, tried);
    if (binary) return binary;
  }
  const built = await attempt(tried, 'redis-memory-server', builtByPackage);
  if (built) {
    const binary = await usable({ path: built, env: {}, source: 'redis-memory-server' }, tried);
    if (binary) return binary;
  }
  throw new SwitchyardError('REDIS_UNAVAILABLE', `No Redis to start: ${tried.join('; ')}. ${whatToRun()}`);
}

/** Undefined, and a line in `tried`, when it fails or there is nothing to try. */
async function attempt<T>(tried: string[], what: string, work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    tried.push(`${what} failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function onPath(env: NodeJS.ProcessEnv): Promise<Candidate[]> {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found: Candidate[] = [];
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      found.push({ path, env: {}, source: 'path' });
    } catch {
      // Not in this folder of the PATH.
    }
  }
  return found;
}

/** The candidate with its version, when it starts at all and is 6.2 or newer. */
async function usable(candidate: Candidate, tried: string[]): Promise<RedisBinary | undefined> {
  let text: string;
  try {
    const env = { ...process.env, ...candidate.env };
    text = (await run(candidate.path, ['--version'], { timeout: VERSION_TIMEOUT_MS, env })).stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    tried.push(`${candidate.path} does not run${stderr === '' ? '' : ` (${stderr})`}`);
    return undefined;
  }
  const match = /v=((\d+)\.(\d+)[\w.-]*)/.exec(text);
  const [, version, major, minor] = match ?? [];
  if (version === undefined || Number(major) * 100 + Number(minor) < 602) {
    tried.push(`${candidate.path} is ${version ?? 'of an unknown version'}, and 6.2 or newer is needed`);
    return undefined;
  }
  return { ...candidate, version };
}

/** It compiles Redis at its installation, so it is nobody's dependency; the name is no literal for the same reason. */
async function builtByPackage(): Promise<string | undefined> {
  const name: string = 'redis-memory-server';
  let module: unknown;
  try {
    module = await import(name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
  const { RedisBinary: builder } = Object(module);
  const path: unknown = await builder?.getPath?.();
  return typeof path === 'string' ? path : undefined;
}

function whatToRun(): string {
  const install =
    process.platform === 'darwin'
      ? 'run `brew install redis`'
      : process.platform === 'win32'
        ? 'use WSL, or Docker as below'
        : 'install it (`sudo apt install redis-server`, `sudo dnf install valkey`, `apk add redis`)';
  const docker =
    'docker run -d -p 127.0.0.1:6379:6379 redis:7-alpine redis-server --appendonly yes --maxmemory-policy noeviction';
  return `Either ${install}; or set REDIS_URL to a Redis that you have; or run \`${docker}\` and set REDIS_URL=redis://127.0.0.1:6379.`;
}
