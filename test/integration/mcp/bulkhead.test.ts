/** How many calls one server has at once, and what becomes of the others. */
import { getEventListeners } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { failureOf, type Rogue, rogueOverStdio } from '../../support/mcp/rogue.js';

let rogue: Rogue | undefined;
afterEach(async () => {
  await rogue?.close();
  rogue = undefined;
});
const start = async (limits: object): Promise<Rogue> => {
  rogue = rogueOverStdio({ limits });
  await rogue.pool.call('rogue.echo', {}, { timeoutMs: 5_000, safeToRepeat: false });
  return rogue;
};
const call = ({ pool }: Rogue, tool: string, options: { timeoutMs?: number; signal?: AbortSignal; n?: number } = {}) =>
  pool.call(`rogue.${tool}`, { n: options.n }, { timeoutMs: 5_000, safeToRepeat: false, ...options });
const places = ({ pool }: Rogue) => pool.health().map(({ inFlight, waiting }) => ({ inFlight, waiting }));

it('no more calls are under way than the server is given; the others wait in order and are made', async () => {
  const from = await start({ concurrent: 1, waiting: 10 });
  const answered: number[] = [];
  const calls = [0, 1, 2, 3, 4, 5].map((n) => call(from, 'hold', { n }).then(() => answered.push(n)));
  await from.journaled('hold');
  expect(places(from)).toEqual([{ inFlight: 1, waiting: 5 }]);
  expect(from.count('hold')).toBe(1);
  from.release();
  await Promise.all(calls);
  expect(answered).toEqual([0, 1, 2, 3, 4, 5]);
  expect(places(from)).toEqual([{ inFlight: 0, waiting: 0 }]);
});

it('beyond the line a call is refused at once as SERVER_BUSY, never asked', async () => {
  const from = await start({ concurrent: 1, waiting: 1 });
  const calls = [call(from, 'hold'), call(from, 'hold')];
  const startedAt = performance.now();
  const error = await failureOf(call(from, 'echo'));
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(error).toMatchObject({ code: 'SERVER_BUSY', retryable: true, answered: undefined });
  expect(error.message).toMatch(/rogue\.echo was not called: MCP server "rogue" has 1 calls under way and 1 in line/);
  expect(error.retryAfterMs).toBeGreaterThan(0);
  from.release();
  await Promise.all(calls);
  expect(from.count('echo')).toBe(1);
});

it('a call waits in line for half of its time at most, so that the other half is left for the tool', async () => {
  const from = await start({ concurrent: 1 });
  const held = call(from, 'hold');
  const startedAt = performance.now();
  const error = await failureOf(call(from, 'echo', { timeoutMs: 2_000 }));
  expect(performance.now() - startedAt).toBeLessThan(1_800);
  expect(error).toMatchObject({ code: 'SERVER_BUSY', answered: undefined });
  expect(error.message).toContain('no place free (of 1) within half of the call');
  from.release();
  await held;
  expect(places(from)).toEqual([{ inFlight: 0, waiting: 0 }]);
});

it('a call that is cancelled in line gives up its place in it, and leaves no listener', async () => {
  const from = await start({ concurrent: 1 });
  const held = call(from, 'hold');
  const controller = new AbortController();
  const cancelled = failureOf(call(from, 'echo', { signal: controller.signal }));
  expect(places(from)).toEqual([{ inFlight: 1, waiting: 1 }]);
  controller.abort();
  expect(await cancelled).toMatchObject({ code: 'TOOL_TIMEOUT', answered: undefined });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(places(from)).toEqual([{ inFlight: 1, waiting: 0 }]);
  from.release();
  await held;
  expect(from.count('echo')).toBe(1);
});

it('one server’s line is no other’s, and close() ends every line', async () => {
  const from = await start({ concurrent: 1 });
  const ends = [call(from, 'hold'), call(from, 'hold')].map(failureOf);
  await from.journaled('hold');
  await from.pool.close();
  for (const error of await Promise.all(ends)) expect(error.code).toBe('TOOL_UNAVAILABLE');
  expect(from.count('hold')).toBe(1);
});
