import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRedisBinary } from '../../../src/adapters/embedded-redis/binary.js';
import { silentLog } from '../../support/silent-log.js';

/** A PATH of the test's own: what is not written here does not exist. `sh` runs by its absolute name. */
let home: string;
let bin: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-binary-'));
  bin = join(home, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const env = () => ({ PATH: bin, HOME: home });

async function program(path: string, script: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  await chmod(path, 0o755);
}

const server = (version: string, name = 'Redis') => `echo "${name} server v=${version} sha=00000000:0 bits=64"`;

describe('on the PATH', () => {
  test('redis-server is used, with its version', async () => {
    await program(join(bin, 'redis-server'), server('7.0.15'));
    expect(await findRedisBinary(silentLog, env())).toEqual({
      path: join(bin, 'redis-server'),
      env: {},
      version: '7.0.15',
      source: 'path',
    });
  });

  test('a redis-server older than 6.2 is skipped for a valkey-server', async () => {
    await program(join(bin, 'redis-server'), server('6.0.16'));
    await program(join(bin, 'valkey-server'), server('8.1.1', 'Valkey'));
    expect(await findRedisBinary(silentLog, env())).toMatchObject({
      path: join(bin, 'valkey-server'),
      version: '8.1.1',
    });
  });

  test('where nothing serves, the error names what was skipped and what to run', async () => {
    await program(join(bin, 'redis-server'), server('6.0.16'));
    await program(join(bin, 'valkey-server'), 'echo "no such library" >&2; exit 127');
    const failure = findRedisBinary(silentLog, env());
    await expect(failure).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    await expect(failure).rejects.toThrow(/redis-server is 6\.0\.16, and 6\.2 or newer is needed/);
    await expect(failure).rejects.toThrow(/valkey-server does not run \(no such library\)/);
    await expect(failure).rejects.toThrow(/set REDIS_URL.*docker run/);
  });
});

/**
 * Debian's tools as small programs, so that the suite needs neither Debian nor a network: what we make of their answers
 * is ours to test. The package's "server" prints a version like the real one.
 */
async function fakeApt({ server: script = server('7.0.15'), fails = '' } = {}): Promise<void> {
  const log = join(home, 'apt.log');
  await program(
    join(bin, 'apt-config'),
    `echo 'Acquire::http::Proxy "http://proxy:3128";'; echo 'APT::Update::Post-Invoke:: "boom";'`,
  );
  await program(
    join(bin, 'apt-get'),
    `echo "$@" >> ${log}
     case "$*" in
       *update*) grep -q 'Proxy "http://proxy:3128"' "$APT_CONFIG" && ! grep -q boom "$APT_CONFIG" || exit 9
         [ -z '${fails}' ] || { echo 'W: noise' >&2; echo 'E: ${fails}' >&2; exit 100; } ;;
       *download*) [ -z '${fails}' ] || exit 100; shift 2; for name in "$@"; do echo > "$name.deb"; done ;;
     esac`,
  );
  await program(
    join(bin, 'apt-cache'),
    `case "$*" in
       *redis-tools*) printf '%s\\n' redis-tools '  Depends: adduser' '  Depends: libc6' ' |Depends: liblog0' '  Depends: libelog0' '  Depends: liblzf1' ;;
       *liblzf1*) printf '%s\\n' liblzf1 '  PreDepends: libdeep1' '  Depends: libc6' ;;
     esac`,
  );
  await program(
    join(bin, 'dpkg-query'),
    `printf '%s\\n' 'libc6 installed' 'liblog0 installed' 'libdeep1 config-files'`,
  );
  await program(
    join(bin, 'dpkg-deb'),
    `mkdir -p "$3/usr/bin" "$3/usr/lib/some-linux-gnu"
     case "$2" in *redis-tools*) printf '#!/bin/sh\\n%s\\n' '${script}' > "$3/usr/bin/redis-check-rdb"; chmod 755 "$3/usr/bin/redis-check-rdb" ;; esac`,
  );
}

const cacheOf = (root: string) => join(root, '.cache', 'switchyard');

describe("out of Debian's packages", () => {
  test('the server and only the libraries that are missing are fetched once, then the cache serves', async () => {
    await fakeApt();
    const fetched = await findRedisBinary(silentLog, env());
    expect(fetched).toMatchObject({ version: '7.0.15', source: 'apt' });
    expect(fetched.env.LD_LIBRARY_PATH).toMatch(/usr\/lib\/some-linux-gnu$/);
    expect(await readFile(join(home, 'apt.log'), 'utf8')).toBe(
      '-qq update\n-qq download redis-tools liblzf1 libdeep1\n',
    );

    await rm(join(bin, 'dpkg-deb'));
    expect(await findRedisBinary(silentLog, env())).toEqual({ ...fetched, source: 'cache' });
  });

  test('two that fetch at once both get a server, and the cache holds one', async () => {
    await fakeApt();
    const both = await Promise.all([findRedisBinary(silentLog, env()), findRedisBinary(silentLog, env())]);
    expect(both[0].path).toBe(both[1].path);
    expect(await readdir(cacheOf(home))).toHaveLength(1);
  });

  test('a cache that does not run any more is fetched anew', async () => {
    await fakeApt();
    const { path } = await findRedisBinary(silentLog, env());
    await program(path, 'exit 127');
    expect(await findRedisBinary(silentLog, env())).toMatchObject({ path, source: 'apt' });
  });

  test("apt's failure stands in the error with its reason, and nothing half-done stays", async () => {
    await fakeApt({ fails: 'Temporary failure resolving deb.debian.org' });
    await expect(findRedisBinary(silentLog, env())).rejects.toThrow(
      /`apt-get update`: E: Temporary failure resolving deb\.debian\.org\. Either install it/,
    );
    expect(await readdir(cacheOf(home))).toEqual([]);
  });

  test("a distribution's server that is too old is refused with its version", async () => {
    await fakeApt({ server: server('6.0.16') });
    await expect(findRedisBinary(silentLog, env())).rejects.toThrow(/redis-server is 6\.0\.16/);
  });
});
