/** Health checks and recycling: a server that is gone or hangs is started anew, and what that costs its other calls. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/ports.js';
import {
  eventually,
  failureOf,
  type HttpRogue,
  isAlive,
  type Rogue,
  rogueOverHttp,
  rogueOverStdio,
} from '../../support/mcp/rogue.js';
import { silentLog } from '../../support/silent-log.js';

const CHECKED = { health: { every: '50ms', timeout: '5s' } };
/** A ping is given up soon, by a server that ignores it. */
const IMPATIENT = { health: { every: '50ms', timeout: '500ms' } };
const UNCHECKED = { health: { every: false, timeout: '100ms' } };

let rogue: Rogue | undefined;
afterEach(async () => {
  await rogue?.close();
  rogue = undefined;
});
const overHttp = async (limits: object): Promise<HttpRogue> => {
  const started = await rogueOverHttp({ limits });
  rogue = started;
  return started;
};
const overStdio = (limits: object, args: readonly string[] = []): Rogue => {
  rogue = rogueOverStdio({ limits, args });
  return rogue;
};

const call = ({ pool }: Rogue, tool: string, options: { timeoutMs?: number; safeToRepeat?: boolean } = {}) =>
  pool.call(`rogue.${tool}`, {}, { timeoutMs: 5_000, safeToRepeat: false, ...options });
const pidOf = async (from: Rogue) => ((await call(from, 'environment')) as { pid: number }).pid;
const healthOf = ({ pool }: Rogue) => pool.health()[0];

describe('a health check', () => {
  it('pings a server that has been used, and no other', async () => {
    const from = overStdio(CHECKED);
    expect(healthOf(from)).toMatchObject({ connected: false, restarts: 0, breaker: 'closed' });
    expect(from.journal()).toEqual([]);
    await call(from, 'echo');
    await from.journaled('ping', 3);
    expect(healthOf(from)).toMatchObject({ connected: true, restarts: 0, breaker: 'closed' });
    expect(from.count('initialize')).toBe(1);
  });

  it('starts a stdio server again that died between two calls', async () => {
    const from = overStdio(CHECKED);
    const pid = await pidOf(from);
    process.kill(pid, 'SIGKILL');
    await from.journaled('initialize', 2);
    await eventually(() => healthOf(from)?.restarts === 1, 'the restart');
    expect(await pidOf(from)).not.toBe(pid);
  });

  it('ends a stdio server that does not answer it, and starts another', async () => {
    const from = overStdio(IMPATIENT);
    const pid = await pidOf(from);
    await call(from, 'ignore_pings');
    await eventually(() => !isAlive(pid), 'the end of the server');
    await from.journaled('initialize', 2);
    expect(await pidOf(from)).not.toBe(pid);
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0, lastError: { code: 'TOOL_UNAVAILABLE' } });
  });

  it('takes the answer to a call for one, where a server does not answer pings', async () => {
    const from = await overHttp(IMPATIENT);
    await call(from, 'ignore_pings');
    await from.journaled('ping');
    for (let pings = from.count('ping'); pings < 3; pings = from.count('ping')) await call(from, 'echo');
    expect(from.count('initialize')).toBe(1);
  });

  it('makes the session of a silent HTTP server anew', async () => {
    const from = await overHttp(IMPATIENT);
    await call(from, 'ignore_pings');
    await from.journaled('session-ended');
    await from.journaled('initialize', 2);
    expect(await call(from, 'echo')).toEqual({});
  });

  it('opens a new session where an HTTP server has forgotten ours, and counts no failure', async () => {
    const from = await overHttp(CHECKED);
    await call(from, 'forget_sessions');
    await from.journaled('initialize', 2);
    await eventually(() => healthOf(from)?.connected === true, 'the new session');
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0 });
    expect(healthOf(from)).not.toHaveProperty('lastError');
  });

  it('starts a server once, and leaves it to the calls when that has not helped', async () => {
    const said: string[] = [];
    const warn = (_fields: object, words = '') => void said.push(words);
    const logger: Logger = { ...silentLog, warn, child: () => ({ ...silentLog, warn }) };
    const from = await rogueOverHttp({ limits: CHECKED, logger });
    rogue = from;
    const clock = rogueOverStdio({ limits: CHECKED });
    await call(clock, 'echo');
    await call(from, 'echo');
    await from.kill();
    await eventually(() => healthOf(from)?.connected === false && healthOf(from)?.failures === 1, 'the finding');
    await clock.journaled('ping', clock.count('ping') + 10);
    await clock.close();
    expect(said.filter((words) => words.includes('did not start again'))).toHaveLength(1);
    await from.restart();
    // A call starts it, and from then on the checks may again.
    expect(await call(from, 'echo')).toEqual({});
    expect(healthOf(from)).toMatchObject({ connected: true, failures: 0, restarts: 1 });
    await call(from, 'forget_sessions');
    await eventually(() => healthOf(from)?.restarts === 2, 'the second restart');
  });

  it('ends with the pool', async () => {
    const from = await overHttp(CHECKED);
    await call(from, 'echo');
    await from.journaled('ping');
    await from.pool.close();
    const pings = from.count('ping');
    const other = rogueOverStdio({ limits: CHECKED });
    await call(other, 'echo');
    await other.journaled('ping', 3);
    await other.close();
    expect(from.count('ping')).toBe(pings);
  });
});

describe('a server that lets two calls in a row time out', () => {
  it('over stdio is ended and started anew, although it answers pings', async () => {
    const from = overStdio(UNCHECKED);
    const pid = await pidOf(from);
    await failureOf(call(from, 'hang', { timeoutMs: 150 }));
    expect(await pidOf(from)).toBe(pid);
    // An answer in between: the count begins anew.
    await failureOf(call(from, 'hang', { timeoutMs: 150 }));
    await failureOf(call(from, 'hang', { timeoutMs: 150 }));
    await eventually(() => !isAlive(pid), 'the end of the server');
    expect(await pidOf(from)).not.toBe(pid);
    expect(healthOf(from)?.restarts).toBe(1);
  });

  it('over HTTP gets a new session', async () => {
    const from = await overHttp(UNCHECKED);
    await call(from, 'echo');
    await failureOf(call(from, 'hang', { timeoutMs: 150 }));
    expect(from.count('initialize')).toBe(1);
    await failureOf(call(from, 'hang', { timeoutMs: 150 }));
    expect(await call(from, 'echo')).toEqual({});
    expect(from.count('initialize')).toBe(2);
    await from.journaled('session-ended');
  });

  it.each([
    ['stdio', () => Promise.resolve(overStdio(UNCHECKED))],
    ['HTTP', () => overHttp(UNCHECKED)],
  ])(
    'loses its other calls (%s): the safe ones are repeated on the new one, the others are in doubt',
    async (_by, start) => {
      const from = await start();
      await call(from, 'echo');
      const safe = call(from, 'hold', { safeToRepeat: true });
      const unsafe = failureOf(call(from, 'hold'));
      await from.journaled('hold', 2);
      await failureOf(call(from, 'hang', { timeoutMs: 150 }));
      await failureOf(call(from, 'hang', { timeoutMs: 150 }));
      expect(await unsafe).toMatchObject({ code: 'TOOL_UNAVAILABLE', answered: false, retryable: true });
      await from.journaled('hold', 3);
      from.release();
      expect(await safe).toEqual({});
      expect(from.count('hold')).toBe(3);
    },
  );

  it('is left alone when it works on them and shows it', async () => {
    const from = overStdio(UNCHECKED);
    const pid = await pidOf(from);
    for (let n = 0; n < 3; n += 1) await failureOf(call(from, 'progress_for_ever', { timeoutMs: 200 }));
    expect(await pidOf(from)).toBe(pid);
  });

  it('is left alone when another of its calls shows progress between them', async () => {
    const from = overStdio(UNCHECKED);
    const pid = await pidOf(from);
    const long = from.pool.call(
      'rogue.progress',
      { times: 60, everyMs: 50 },
      { timeoutMs: 15_000, safeToRepeat: false },
    );
    await from.journaled('progress');
    for (let n = 0; n < 2; n += 1) await failureOf(call(from, 'hang', { timeoutMs: 500 }));
    expect(await long).toEqual({ times: 60 });
    expect(await pidOf(from)).toBe(pid);
  });
});
