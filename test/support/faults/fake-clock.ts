/**
 * A wrong clock below Node, by libfaketime: the system's own answers to "what time is it" are off, for C code as well. Where
 * it is not installed it is fetched as Debian's package and unpacked into the scenario's folder.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FakeClock {
  readonly env: Readonly<Record<string, string>>;
  mend(): Promise<void>;
}

/** A clock that is so many seconds off, or why there is none. */
export async function fakeClock(folder: string, seconds: number): Promise<FakeClock | string> {
  const library = (await findLibrary('/')) ?? (await fetchLibrary(folder));
  if (typeof library !== 'string') return `libfaketime cannot be had: ${library.message}`;
  const offset = join(folder, 'clock-offset');
  const set = (by: number) => writeFile(offset, `${by < 0 ? '' : '+'}${by}\n`);
  await set(seconds);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      // A machine's timers go on as ever when its clock is set.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    mend: () => set(0),
  };
}

/** Debian keeps it in a folder of the processor's, `x86_64-linux-gnu`. */
async function findLibrary(root: string): Promise<string | undefined> {
  const base = join(root, 'usr', 'lib');
  const folders = await readdir(base).catch(() => []);
  return folders.map((name) => join(base, name, 'faketime', 'libfaketimeMT.so.1')).find(existsSync);
}

async function fetchLibrary(folder: string): Promise<string | Error> {
  const cwd = join(folder, 'faketime');
  await mkdir(cwd, { recursive: true });
  try {
    await run('apt-get', ['download', 'libfaketime'], { cwd });
    const [archive = ''] = (await readdir(cwd)).filter((name) => name.endsWith('.deb'));
    await run('dpkg-deb', ['-x', archive, 'root'], { cwd });
    return (await findLibrary(join(cwd, 'root'))) ?? new Error('its package holds no library');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
