/**
 * A Redis server out of Debian's or Ubuntu's own packages, without root and without installing anything: the packages
 * are downloaded with an apt state of our own, unpacked into a cache folder, and run from there.
 *
 * The cache is `${XDG_CACHE_HOME:-~/.cache}/switchyard/redis-<system>-<version>-<arch>`. It appears by one rename, so a
 * reader sees all of it or nothing; of two processes that fetch at once, the second throws its own copy away.
 */
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../ports.js';
import { downloadByApt, PACKAGE } from './apt-download.js';

export interface UnpackedRedis {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What was fetched earlier for this system, if anything; whether it still runs is for the caller to find out. */
export async function cachedByApt(env: NodeJS.ProcessEnv): Promise<UnpackedRedis | undefined> {
  const folder = await cacheFolder(env);
  return folder !== undefined && (await exists(serverIn(folder))) ? unpacked(folder) : undefined;
}

/**
 * Fetches the packages and replaces what the cache holds. Undefined on a system without apt.
 *
 * @throws Error when a command fails, with its last lines: no network, no such package, no space
 */
export async function fetchByApt(log: Logger, env: NodeJS.ProcessEnv): Promise<UnpackedRedis | undefined> {
  const folder = await cacheFolder(env);
  if (folder === undefined) return undefined;
  const parent = join(folder, '..');
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'fetching-'));
  try {
    log.info({ cache: folder }, `fetching a private Redis once (Debian's ${PACKAGE}, without installing it)`);
    const root = join(work, 'root');
    // The caller found nothing in the folder that runs: what is there, if anything, is broken and in the way.
    await rename(folder, join(work, 'broken')).catch(() => undefined);
    await downloadByApt(work, root, env);
    await rm(join(root, 'usr', 'share'), { recursive: true, force: true });
    await symlink('redis-check-rdb', serverIn(root));
    await publish(root, folder);
    return unpacked(folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The second of two processes that fetched at once finds the folder filled: what is there is as good as its own. */
async function publish(root: string, folder: string): Promise<void> {
  try {
    await rename(root, folder);
  } catch (error) {
    if (!(await exists(serverIn(folder)))) throw error;
  }
}

/** Undefined where there is no apt. The name holds what a binary depends on: system, release, processor. */
async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const tools = (env.PATH ?? '').split(':').map((folder) => exists(join(folder, 'apt-get')));
  if (!(await Promise.all(tools)).includes(true)) return undefined;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const value = (name: string) => new RegExp(`^${name}="?([\\w.-]+)"?$`, 'm').exec(release)?.[1] ?? 'unknown';
  const home = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(home, 'switchyard', `redis-${value('ID')}-${value('VERSION_ID')}-${process.arch}`);
}

function serverIn(folder: string): string {
  return join(folder, 'usr', 'bin', 'redis-server');
}

async function unpacked(folder: string): Promise<UnpackedRedis> {
  const libraries: string[] = [];
  for (const base of [join(folder, 'usr', 'lib'), join(folder, 'lib')]) {
    // Both the folder itself and Debian's one per processor, `x86_64-linux-gnu`.
    const entries = await readdir(base, { withFileTypes: true }).catch(() => []);
    libraries.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, entry.name)));
  }
  return { path: serverIn(folder), env: { LD_LIBRARY_PATH: libraries.join(':') } };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
