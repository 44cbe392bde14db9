/**
 * Disks for a Redis to suffer from: one that can be full, one whose power can be cut. Both are real file systems, which
 * takes root; where mounting is refused, each says what is done instead.
 */
import { execFile } from 'node:child_process';
import { appendFile, mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FaultDisk {
  /** Where the data go. */
  readonly folder: string;
  /** What is not as it should be on this machine. */
  readonly notes: readonly string[];
  remove(): Promise<void>;
}

export interface SmallDisk extends FaultDisk {
  /** Whether the file system itself can be full; otherwise the server has to be given a limit, see `limitFiles`. */
  readonly mounted: boolean;
  fill(): Promise<void>;
  free(): Promise<void>;
}

const BALLAST = 'ballast';
const BLOCK = Buffer.alloc(64 * 1024);

/** A file system of so many bytes in memory. */
export async function smallDisk(folder: string, bytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true });
  const refused = await mount(['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  const notes = refused === undefined ? [] : [`no tmpfs can be mounted (${refused}): RLIMIT_FSIZE stands in for it`];
  const ballast = join(folder, BALLAST);
  return {
    folder,
    mounted: refused === undefined,
    notes,
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (let size = BLOCK.length; size >= 1; size = size > 1 ? Math.ceil(size / 16) : 0) {
          await untilFull(() => file.write(BLOCK, 0, size));
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    async remove() {
      if (refused === undefined) await unmount(folder);
    },
  };
}

async function untilFull(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}

export interface CuttableDisk extends FaultDisk {
  /**
   * What a power cut leaves: everything that was synced, and what the system happened to have written. Nobody may write
   * meanwhile: freeze the server before, kill it after, and start it again when this has resolved.
   */
  cut(killServer: () => Promise<void>): Promise<void>;
}

const IMAGE_BYTES = 96 * 1024 * 1024;

/**
 * A file system in an image: what its server has written and not synced is in the page cache above it, and not in the
 * image. A copy of the image is the disk after a power cut, the recovery of its own journal included.
 */
export async function cuttableDisk(parent: string, fsync: 'always' | 'everysec'): Promise<CuttableDisk> {
  const folder = join(parent, 'disk');
  let [image, spare] = [join(parent, 'disk-a.img'), join(parent, 'disk-b.img')];
  await mkdir(folder, { recursive: true });
  await writeFile(image, '');
  await truncate(image, IMAGE_BYTES);
  const refused = (await attempt('mkfs.ext4', ['-q', '-F', image])) ?? (await mount(['-o', 'loop', image, folder]));
  if (refused !== undefined) return cutFiles(folder, fsync, refused);
  return {
    folder,
    notes: [],
    async cut(killServer) {
      await run('cp', ['--sparse=always', image, spare]);
      await killServer();
      await unmount(folder);
      [image, spare] = [spare, image];
      const failed = await mount(['-o', 'loop', image, folder]);
      if (failed !== undefined) throw new Error(`the disk cannot be mounted after the power cut: ${failed}`);
    },
    async remove() {
      await unmount(folder);
      await rm(image, { force: true });
      await rm(spare, { force: true });
    },
  };
}

const SAMPLE_MS = 100;
/** With everysec Redis may be this far behind when the disk is slow. */
const UNSYNCED_MS = 1_000;

const INSTEAD = {
  always: 'only a record that was being written is torn, as what was acknowledged was synced',
  everysec: 'the append-only file is cut by its last second',
};

/** The beginning of a command whose end did not reach the disk. */
const TORN_RECORD = '*3\r\n$3\r\nSET\r\n$400\r\nha';

/** The nearest to a power cut that can be had without a disk. */
function cutFiles(folder: string, fsync: 'always' | 'everysec', refused: string): CuttableDisk {
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  const sampler = setInterval(() => {
    void incrementalFile(folder).then(async (file) => {
      if (file) samples.push({ at: Date.now(), bytes: (await stat(file)).size });
    });
  }, SAMPLE_MS);
  return {
    folder,
    notes: [`no disk image can be mounted (${refused}): ${INSTEAD[fsync]}`],
    async cut(killServer) {
      clearInterval(sampler);
      const then = Date.now() - UNSYNCED_MS;
      await killServer();
      const file = await incrementalFile(folder);
      if (file === undefined) throw new Error(`there is no append-only file in ${folder} to cut`);
      if (fsync === 'everysec') await truncate(file, samples.findLast(({ at }) => at <= then)?.bytes ?? 0);
      else await appendFile(file, TORN_RECORD);
    },
    remove: async () => clearInterval(sampler),
  };
}

async function incrementalFile(folder: string): Promise<string | undefined> {
  const parent = join(folder, 'appendonlydir');
  const names = await readdir(parent).catch(() => []);
  const name = names.find((one) => one.endsWith('.incr.aof'));
  return name === undefined ? undefined : join(parent, name);
}

/** Undefined when it worked, else why not. */
async function attempt(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    await run(command, args);
    return undefined;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return stderr === '' ? `${command}: ${String(error)}` : stderr.split('\n')[0];
  }
}

const mount = (args: readonly string[]) => attempt('mount', args);

async function unmount(folder: string): Promise<void> {
  // Lazily at the second try: a server that was killed may still be closing its files.
  if ((await attempt('umount', [folder])) === undefined) return;
  await attempt('umount', ['-l', folder]);
}
