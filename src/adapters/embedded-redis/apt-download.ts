/** Debian's or Ubuntu's packages without root: apt with a state of its own, in a folder that is thrown away. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** `apt-get update` on a slow line; apt's own limit per connection is shorter. */
const COMMAND_TIMEOUT_MS = 120_000;
/** Holds the server: `redis-server` is this package's `redis-check-rdb` under another name. */
export const PACKAGE = 'redis-tools';
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
const INSTALLED_FORMAT = '${Package} ${db:Status-Status}\n';

/**
 * Unpacks the package and its missing libraries into `root`.
 *
 * @param work a folder of the caller's for everything on the way
 * @throws Error with what the failing command said
 */
export async function downloadByApt(work: string, root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const debs = join(work, 'debs');
  for (const folder of [root, debs, join(work, 'state/lists/partial'), join(work, 'cache/archives/partial')]) {
    await mkdir(folder, { recursive: true });
  }
  const config = join(work, 'apt.conf');
  const aptEnv = { ...env, LC_ALL: 'C', APT_CONFIG: config };
  await writeFile(config, aptConfig(work, (await command('apt-config', ['dump'], { ...env, LC_ALL: 'C' })).stdout));

  // One broken third-party source fails the update as a whole; whether ours is there shows at the download.
  const update = await command('apt-get', ['-qq', 'update'], aptEnv).catch((error: Error) => error);
  try {
    const packages = await missingPackages(aptEnv);
    await command('apt-get', ['-qq', 'download', ...packages], aptEnv, debs);
  } catch (error) {
    throw update instanceof Error ? update : error;
  }
  for (const deb of await readdir(debs)) await command('dpkg-deb', ['-x', join(debs, deb), root], aptEnv);
}

/**
 * Our own state and cache folders, and of the system's configuration only how it reaches its sources (proxies,
 * certificates): its hooks after an update clean and refresh system folders.
 */
function aptConfig(work: string, systemDump: string): string {
  const network = systemDump.split('\n').filter((line) => /^Acquire::(?!IndexTargets|Languages)/.test(line));
  return [
    ...network,
    'Dir::Etc::Parts "/dev/null";',
    'Dir::Etc::Main "/dev/null";',
    `Dir::State "${work}/state";`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache "${work}/cache";`,
    // As root, apt would download as a user who cannot write into our folder.
    'APT::Sandbox::User "root";',
    // Without it an update that reached nothing counts as done, and the reason is lost.
    'APT::Update::Error-Mode "any";',
    'Acquire::Languages "none";',
    'Acquire::Retries "1";',
    'Acquire::http::Timeout "15";',
    'Acquire::https::Timeout "15";',
    '',
  ].join('\n');
}

/** The server's package and, of the libraries below it, those that the system lacks. */
async function missingPackages(env: NodeJS.ProcessEnv): Promise<string[]> {
  const status = await command('dpkg-query', ['-W', '-f', INSTALLED_FORMAT], env);
  const have = new Set(status.stdout.split('\n').flatMap((line) => /^(\S+) installed$/.exec(line)?.[1] ?? []));
  const wanted = new Set([PACKAGE]);
  for (let level = [PACKAGE]; level.length > 0; ) {
    const { stdout } = await command('apt-cache', ['depends', '--important', ...level], env);
    level = [...new Set(missingLibraries(stdout, have))].filter((library) => !wanted.has(library));
    for (const library of level) wanted.add(library);
  }
  return [...wanted];
}

/**
 * `apt-cache depends` marks each alternative but the last of a dependency with a bar. Only libraries count: what else a
 * package depends on (users, dialogs) is for its installation.
 */
function missingLibraries(depends: string, have: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  let alternatives: string[] = [];
  for (const [, bar, name] of depends.matchAll(/^ +(\|?)(?:Pre)?Depends: (\S+)$/gm)) {
    if (name !== undefined) alternatives.push(name);
    if (bar === '|') continue;
    const first = alternatives.find((alternative) => alternative.startsWith('lib'));
    if (first !== undefined && !alternatives.some((alternative) => have.has(alternative))) missing.push(first);
    alternatives = [];
  }
  return missing;
}

async function command(file: string, args: string[], env: NodeJS.ProcessEnv, cwd?: string) {
  try {
    return await promisify(execFile)(file, args, {
      env,
      cwd,
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const lines = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n') : [];
    const errors = lines.filter((line) => line.startsWith('E: '));
    const reason = (errors.length > 0 ? errors : lines).slice(0, 2).join(' ') || String(error);
    throw new Error(`\`${file} ${args.find((arg) => !arg.startsWith('-')) ?? ''}\`: ${reason}`);
  }
}
