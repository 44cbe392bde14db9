/** The circuit breaker of a server, with real servers that fail: when it opens, what it costs, how it closes. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  eventually,
  failureOf,
  type HttpRogue,
  type Rogue,
  rogueOverHttp,
  rogueOverStdio,
} from '../../support/mcp/rogue.js';

const ONCE = { timeoutMs: 5_000, safeToRepeat: false };
const LONG = { breaker: { failures: 5, pause: '60s', successes: 3 } };
const BRIEF = { breaker: { failures: 2, pause: '300ms', successes: 3 } };

let rogue: Rogue | undefined;
afterEach(async () => {
  await rogue?.close();
  rogue = undefined;
});
const overHttp = async (options: Parameters<typeof rogueOverHttp>[0]): Promise<HttpRogue> => {
  const started = await rogueOverHttp(options);
  rogue = started;
  return started;
};
const overStdio = (options: Parameters<typeof rogueOverStdio>[0]): Rogue => {
  rogue = rogueOverStdio(options);
  return rogue;
};

const healthOf = ({ pool }: Rogue) => {
  const [health] = pool.health();
  if (!health) throw new Error('no server');
  return health;
};
const call = ({ pool }: Rogue, tool: string, timeoutMs = 5_000) =>
  pool.call(`rogue.${tool}`, {}, { timeoutMs, safeToRepeat: false });
/** The codes that so many calls of a tool end with, one after another. */
const codes = async (from: Rogue, tool: string, times: number, timeoutMs?: number) => {
  const found: string[] = [];
  for (let n = 0; n < times; n += 1) found.push((await failureOf(call(from, tool, timeoutMs))).code);
  return found;
};
const pauseOver = (from: Rogue) =>
  eventually(() => healthOf(from).breaker === 'open' && healthOf(from).pausedForMs === 0, 'the end of the pause');

describe('a server that has failed five calls in a row', () => {
  it('is not asked again for a minute: the sixth call is refused at once, and says why and for how long', async () => {
    const from = overStdio({ limits: LONG });
    expect(await codes(from, 'die', 5)).toEqual(Array(5).fill('TOOL_UNAVAILABLE'));
    const startedAt = performance.now();
    const error = await failureOf(call(from, 'echo'));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(error).toMatchObject({ code: 'SERVER_PAUSED', retryable: true, answered: undefined });
    expect(error.retryAfterMs).toBeGreaterThan(55_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(error.message).toMatch(/^rogue\.echo was not called: MCP server "rogue".*TOOL_UNAVAILABLE.*rogue\.die/);
    expect(from.count('echo')).toBe(0);
    expect(healthOf(from)).toMatchObject({
      server: 'rogue',
      breaker: 'open',
      inFlight: 0,
      waiting: 0,
      lastError: { code: 'TOOL_UNAVAILABLE' },
    });
  });

  it('by not answering in time is not asked again either', async () => {
    const from = await overHttp({ limits: LONG });
    await call(from, 'echo');
    expect(await codes(from, 'hang', 5, 150)).toEqual(Array(5).fill('TOOL_TIMEOUT'));
    expect(await codes(from, 'echo', 1)).toEqual(['SERVER_PAUSED']);
  });

  it('by not starting is not asked again either', async () => {
    const from = overStdio({ args: ['--crash-at-start', 'no licence'], limits: LONG });
    expect(await codes(from, 'echo', 6)).toEqual([...Array(5).fill('SERVER_START_FAILED'), 'SERVER_PAUSED']);
  });

  it('counts the abort of a task whose time is up as a call that was not answered', async () => {
    const from = await overHttp({ limits: { breaker: { failures: 1 } } });
    await call(from, 'echo');
    const controller = new AbortController();
    const hanging = failureOf(from.pool.call('rogue.hang', {}, { ...ONCE, signal: controller.signal }));
    await from.journaled('hang');
    const { SwitchyardError } = await import('../../../src/errors.js');
    controller.abort(new SwitchyardError('TIMEOUT', 'the task took longer than its timeout'));
    expect(await hanging).toMatchObject({ code: 'TOOL_TIMEOUT', answered: false });
    expect(healthOf(from).breaker).toBe('open');
  });
});

describe('the breaker stays closed', () => {
  it.each(['is_error', 'error_text', 'rpc_error', 'wrong_shape', 'big', 'no_such_tool'])(
    'when the server answers, whatever it says: %s',
    async (tool) => {
      const from = overStdio({ limits: { breaker: { failures: 1 } } });
      await codes(from, tool, 2);
      expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0 });
    },
  );

  it('when an HTTP server turns the caller away', async () => {
    const from = await overHttp({ limits: { breaker: { failures: 1 } } });
    expect(await codes(from, 'status_401', 2)).toEqual(['TOOL_UNAVAILABLE', 'TOOL_UNAVAILABLE']);
    expect(healthOf(from).breaker).toBe('closed');
  });

  it('when a caller cancels', async () => {
    const from = overStdio({ limits: { breaker: { failures: 1 } } });
    await call(from, 'echo');
    const controller = new AbortController();
    const cancelled = failureOf(from.pool.call('rogue.hang', {}, { ...ONCE, signal: controller.signal }));
    await from.journaled('hang');
    controller.abort();
    expect(await cancelled).toMatchObject({ code: 'TOOL_TIMEOUT' });
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0 });
  });

  it('when a server shows progress to the end of a call that takes too long', async () => {
    const from = overStdio({ limits: { breaker: { failures: 1 } } });
    await call(from, 'echo');
    expect(await codes(from, 'progress_for_ever', 1, 300)).toEqual(['TOOL_TIMEOUT']);
    expect(healthOf(from).breaker).toBe('closed');
  });

  it('when one death takes many calls with it: that is one failure', async () => {
    const from = overStdio({ limits: LONG });
    const lost = Array.from({ length: 10 }, () => failureOf(call(from, 'hang')));
    await from.journaled('hang', 10);
    lost.push(failureOf(call(from, 'die')));
    for (const error of await Promise.all(lost))
      expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', answered: false });
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 1 });
    await call(from, 'echo');
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0 });
  });
});

describe('when the pause is over', () => {
  it('three answers close the breaker', async () => {
    const from = await overHttp({ limits: BRIEF });
    await call(from, 'echo');
    await from.kill();
    await codes(from, 'echo', 2);
    expect(healthOf(from).breaker).toBe('open');
    await from.restart();
    await pauseOver(from);
    await call(from, 'echo');
    await failureOf(call(from, 'is_error'));
    expect(healthOf(from).breaker).toBe('half-open');
    await call(from, 'echo');
    expect(healthOf(from)).toMatchObject({ breaker: 'closed', failures: 0 });
  });

  it('no call pays for finding out that the server is still away', async () => {
    const from = await overHttp({ limits: BRIEF });
    await call(from, 'echo');
    await from.kill();
    await codes(from, 'echo', 2);
    for (let pause = 0; pause < 2; pause += 1) {
      await pauseOver(from);
      expect(await failureOf(call(from, 'echo'))).toMatchObject({ code: 'SERVER_PAUSED', answered: undefined });
    }
    await from.restart();
    await pauseOver(from);
    expect(await call(from, 'echo')).toEqual({});
  });

  it('nor that it is there and hangs: it must answer a ping first', async () => {
    const limits = { ...BRIEF, health: { every: false, timeout: 100 } };
    const from = await overHttp({ limits, args: ['--ignore-pings'] });
    await call(from, 'echo');
    await codes(from, 'hang', 2, 100);
    const before = from.count('echo');
    await pauseOver(from);
    expect(await codes(from, 'echo', 1)).toEqual(['SERVER_PAUSED']);
    expect(from.count('echo')).toBe(before);
  });

  it('at most as many calls are let through at once as answers are missing', async () => {
    const from = await overHttp({ limits: BRIEF });
    await call(from, 'echo');
    await codes(from, 'hang', 2, 100);
    await pauseOver(from);
    const held = [1, 2, 3].map(() => call(from, 'hold'));
    await from.journaled('hold', 3);
    expect(await failureOf(call(from, 'echo'))).toMatchObject({ code: 'SERVER_PAUSED', retryAfterMs: 1_000 });
    from.release();
    await Promise.all(held);
    expect(healthOf(from).breaker).toBe('closed');
  });
});

it('calls that stand in line when a server is paused are refused with it, unasked', async () => {
  const from = await overHttp({ limits: { concurrent: 1, breaker: { failures: 1 } } });
  await call(from, 'echo');
  const hanging = failureOf(call(from, 'hang', 400));
  await from.journaled('hang');
  const inLine = [failureOf(call(from, 'echo')), failureOf(call(from, 'echo'))];
  expect(healthOf(from).waiting).toBe(2);
  expect((await hanging).code).toBe('TOOL_TIMEOUT');
  for (const error of await Promise.all(inLine)) expect(error).toMatchObject({ code: 'SERVER_PAUSED' });
  expect(from.count('echo')).toBe(1);
});
