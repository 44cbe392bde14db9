/** One Redis server as a process: its configuration, its start, and that it ends with its starter. */
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SwitchyardError } from '../../errors.js';
import type { RedisBinary } from './binary.js';
import { probeRedis } from './probe.js';
import type { ServerAddress } from './state.js';

export interface ServerProcess {
  /** The server's own process id. */
  readonly pid: number;
  /** Resolves when the process that this one started has ended; until then it keeps this one alive. */
  ended(): Promise<void>;
}

/** A large append-only file is read at about 1 GB in 10 s. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 20;

/**
 * Runs the server as a child of a shell that waits for either's end: the server's, or that of its starter, whose pipe
 * on standard input then closes, whatever it died of. The server gets SIGTERM, on which it writes its file to the end.
 */
const END_WITH_STARTER = `
exec 3<&0
"$@" & server=$!
{ read -r _ <&3; kill "$server"; } & watcher=$!
wait "$server"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

/**
 * Starts the server in its folder and waits until it takes commands.
 *
 * @param detached the server outlives this process; otherwise it ends with it
 * @throws SwitchyardError REDIS_UNAVAILABLE with the last lines of its log
 */
export async function spawnServer(
  binary: RedisBinary,
  folder: string,
  address: ServerAddress,
  detached: boolean,
): Promise<ServerProcess> {
  await writeFile(join(folder, 'redis.conf'), configuration(address), { mode: 0o600 });
  const log = await open(join(folder, 'redis.log'), 'w', 0o600);
  // A session of its own: Ctrl-C in the terminal is for the commands, which still need Redis in order to end well.
  const options = { cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C', ...binary.env }, detached: true };
  const server = [binary.path, 'redis.conf'];
  const child = detached
    ? spawn(binary.path, ['redis.conf'], { ...options, stdio: ['ignore', log.fd, log.fd] })
    : spawn('sh', ['-c', END_WITH_STARTER, 'sh', ...server], { ...options, stdio: ['pipe', log.fd, log.fd] });
  const ended = endOf(child);
  await log.close();
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  try {
    const pid = await untilReady(address.url, ended);
    return {
      pid,
      ended: () => {
        child.ref();
        return ended;
      },
    };
  } catch (cause) {
    // Closing the pipe ends the server below the shell; a detached one is the child itself.
    if (child.stdin) child.stdin.destroy();
    else child.kill();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError(
      'REDIS_UNAVAILABLE',
      `${binary.path} ${binary.version} ${reason}. Its log, ${join(folder, 'redis.log')}, ends with: ${await logTail(folder)}`,
      { cause },
    );
  }
}

/** Whether a start failed only because another process took the port first. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof SwitchyardError && /Address already in use/i.test(error.message);
}

function configuration({ url, port }: ServerAddress): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${new URL(url).password}`,
    // Relative to the working folder: a path with spaces or quotes would have to be escaped.
    'dir .',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n');
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function untilReady(url: string, ended: Promise<void>): Promise<number> {
  const state = { ended: false };
  void ended.then(() => {
    state.ended = true;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const probe = await probeRedis(url);
    if (probe.kind === 'alive' && !probe.loading) return probe.pid;
    if (state.ended) throw new Error('ended at its start');
    await delay(READY_POLL_MS);
  }
  throw new Error(`was not ready within ${READY_TIMEOUT_MS / 1000} s`);
}

async function logTail(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'redis.log'), 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-3).join(' | ');
}
