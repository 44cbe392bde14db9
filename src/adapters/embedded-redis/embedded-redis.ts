/**
 * A private Redis for `demo`, `up`, `--dev` and tests: on a free loopback port, with a password and an append-only file,
 * in `<dataDir>/redis`. One per data folder; every command finds it there, and the next one has the same address.
 */
import { join } from 'node:path';
import { makeDataFolder } from '../../data-folder.js';
import { SwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';
import { findRedisBinary, type RedisBinary } from './binary.js';
import { chooseAddress, newAddress } from './choose-address.js';
import { probeRedis } from './probe.js';
import { isPortTaken, type ServerProcess, spawnServer } from './server-process.js';
import { shutDown } from './shut-down.js';
import { isAlive, lockStart } from './start-lock.js';
import { type EmbeddedState, readState, redisFolder, removeState, writeLastAddress, writeState } from './state.js';

export interface StartEmbeddedRedisOptions {
  readonly dataDir: string;
  /**
   * False, the default: the server ends with this process, also when that is killed. True: it stays until
   * {@link stopEmbeddedRedis}.
   */
  readonly detached?: boolean | undefined;
  readonly log: Logger;
}

export interface EmbeddedRedis {
  /** With the password: for connecting, not for printing. */
  readonly url: string;
  readonly pid: number;
  /** How the server's program was found. */
  readonly source: EmbeddedState['source'];
  /** False when one was running in this data folder already. */
  readonly started: boolean;
  /** Ends the server that this call started and waits for it; does nothing for one that was running already. */
  stop(): Promise<void>;
}

interface Running {
  readonly state: EmbeddedState;
  readonly pid: number;
}

const START_ATTEMPTS = 3;
const PRIVATE = 0o700;

/**
 * Starts a Redis in the data folder, or returns the one that is running there.
 *
 * @throws SwitchyardError REDIS_UNAVAILABLE (NODE_ENV is production; no server program; it does not start), ILLEGAL_STATE
 *   (a detached one is wanted, and the running one ends with another process)
 */
export async function startEmbeddedRedis(options: StartEmbeddedRedisOptions): Promise<EmbeddedRedis> {
  refuseInProduction();
  const { dataDir, detached = false } = options;
  const folder = redisFolder(dataDir);
  makeDataFolder(dataDir, PRIVATE);
  const unlock = await lockStart(join(folder, 'start.lock'));
  try {
    const running = await findRunning(folder);
    if (running && !(await endOrphan(folder, running))) return attachTo(running, dataDir, detached);
    return await start(folder, options);
  } finally {
    await unlock();
  }
}

/** The address of the Redis that is running in this data folder. */
export async function findEmbeddedRedis(dataDir: string): Promise<string | undefined> {
  return (await findRunning(redisFolder(dataDir)))?.state.url;
}

/**
 * Ends the Redis of this data folder, whoever started it, and waits for it. False when none was running.
 *
 * @throws SwitchyardError REDIS_UNAVAILABLE when it does not answer, so that its process cannot be told for sure
 */
export async function stopEmbeddedRedis(dataDir: string): Promise<boolean> {
  const folder = redisFolder(dataDir);
  const running = await findRunning(folder);
  if (!running) return false;
  await shutDown(running.state.url);
  await removeState(folder);
  return true;
}

/**
 * @throws SwitchyardError REDIS_UNAVAILABLE when NODE_ENV is production: a Redis in a working folder is no place for work
 *   that must not be lost
 */
export function refuseInProduction(): void {
  if (process.env.NODE_ENV !== 'production') return;
  throw new SwitchyardError(
    'REDIS_UNAVAILABLE',
    'The embedded Redis is refused because NODE_ENV is production: set REDIS_URL to the Redis that holds your runs.',
    { retryable: false },
  );
}

async function start(folder: string, { detached = false, log }: StartEmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const binary = await findRedisBinary(log);
  const { state, server } = await spawnOnFreePort(binary, folder, detached);
  log.info(
    { pid: server.pid, port: state.port, version: binary.version, source: binary.source },
    'started a private Redis',
  );
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await shutDown(state.url);
    await server.ended();
    if ((await readState(folder))?.url === state.url) await removeState(folder);
  };
  return {
    url: state.url,
    pid: server.pid,
    source: binary.source,
    started: true,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function spawnOnFreePort(
  binary: RedisBinary,
  folder: string,
  detached: boolean,
): Promise<{ state: EmbeddedState; server: ServerProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const address = attempt === 1 ? await chooseAddress(folder) : await newAddress();
    const state: EmbeddedState = {
      ...address,
      startedAt: Date.now(),
      source: binary.source,
      ...(!detached && { owner: process.pid }),
    };
    // Before the start: should this process die in between, the next command still finds what it has left.
    await writeState(folder, state);
    try {
      const server = await spawnServer(binary, folder, address, detached);
      await writeState(folder, { ...state, pid: server.pid });
      await writeLastAddress(folder, address);
      return { state, server };
    } catch (error) {
      await removeState(folder);
      if (attempt >= START_ATTEMPTS || !isPortTaken(error)) throw error;
    }
  }
}

function attachTo({ state, pid }: Running, dataDir: string, detached: boolean): EmbeddedRedis {
  if (detached && state.owner !== undefined) {
    throw new SwitchyardError(
      'ILLEGAL_STATE',
      `The Redis in ${dataDir} belongs to process ${state.owner} and ends with it. End that command first, or set SWITCHYARD_DATA_DIR to another folder.`,
    );
  }
  return { url: state.url, pid, source: state.source, started: false, stop: async () => undefined };
}

/**
 * A server whose starter has died without taking it along (its watching shell was killed too) is nobody's to end: it is
 * ended here, and a new one takes over its file.
 */
async function endOrphan(folder: string, running: Running): Promise<boolean> {
  const { owner } = running.state;
  if (owner === undefined || isAlive(owner)) return false;
  await shutDown(running.state.url);
  await removeState(folder);
  return true;
}

async function findRunning(folder: string): Promise<Running | undefined> {
  const state = await readState(folder);
  if (!state) return undefined;
  const probe = await probeRedis(state.url);
  if (probe.kind === 'absent') return undefined;
  if (probe.kind === 'alive') return { state, pid: probe.pid };
  throw new SwitchyardError(
    'REDIS_UNAVAILABLE',
    `The Redis of ${folder} (port ${state.port}, process ${state.pid ?? 'unknown'}) does not answer: ${probe.reason}. If that process is a Redis, end it, then try again.`,
  );
}
