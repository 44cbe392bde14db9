/** The two clocks of a call: silence, which progress interrupts, and the whole, which nothing extends. */
import { afterEach, describe, expect, it } from 'vitest';
import { failureOf, type Rogue, rogueOverHttp, rogueOverStdio } from '../../support/mcp/rogue.js';

const BINDINGS = {
  'warm.echo': { server: 'rogue', tool: 'echo', idleTimeout: '5s', totalTimeout: '5s' },
  'patient.progress': { server: 'rogue', tool: 'progress', idleTimeout: '2s' },
  'hasty.hang': { server: 'rogue', tool: 'hang', idleTimeout: '100ms' },
  'bounded.progress_for_ever': { server: 'rogue', tool: 'progress_for_ever', idleTimeout: '5s', totalTimeout: '300ms' },
};

const carriers: readonly [string, (limits: object) => Promise<Rogue>][] = [
  ['stdio', (limits) => Promise.resolve(rogueOverStdio({ limits, bindings: BINDINGS }))],
  ['HTTP', (limits) => rogueOverHttp({ limits, bindings: BINDINGS })],
];

describe.each(carriers)('a call over %s', (_carrier, start) => {
  let rogue: Rogue | undefined;
  afterEach(async () => {
    await rogue?.close();
    rogue = undefined;
  });
  const begin = async (limits: object) => {
    rogue = await start(limits);
    await rogue.pool.call('warm.echo', {}, { timeoutMs: 5_000, safeToRepeat: false });
    return rogue.pool;
  };

  it('that shows progress takes longer than the silence that ends it', async () => {
    const pool = await begin({ idleTimeout: '1500ms' });
    const startedAt = performance.now();
    const args = { times: 8, everyMs: 250 };
    expect(await pool.call('rogue.progress', args, { timeoutMs: 15_000, safeToRepeat: false })).toEqual({ times: 8 });
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
  });

  it('that is silent ends long before its timeout, and the server is told', async () => {
    const pool = await begin({ idleTimeout: '100ms' });
    const startedAt = performance.now();
    const error = await failureOf(pool.call('rogue.hang', {}, { timeoutMs: 5_000, safeToRepeat: false }));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(error).toMatchObject({ code: 'TOOL_TIMEOUT', answered: false });
    expect(error.message).toContain('no sign of progress for 100 ms');
    await rogue?.journaled('cancelled:hang');
  });

  it('that falls silent after some progress ends too', async () => {
    const pool = await begin({ idleTimeout: '800ms' });
    const startedAt = performance.now();
    const args = { times: 4, everyMs: 200, silent: true };
    const error = await failureOf(pool.call('rogue.progress', args, { timeoutMs: 5_000, safeToRepeat: false }));
    expect(error.message).toContain('no sign of progress for 800 ms');
    expect(performance.now() - startedAt).toBeGreaterThan(1_500);
  });

  it('ends at the total of its server, however much progress it shows', async () => {
    const pool = await begin({ idleTimeout: '900ms', totalTimeout: '400ms' });
    const error = await failureOf(pool.call('rogue.progress_for_ever', {}, { timeoutMs: 5_000, safeToRepeat: false }));
    expect(error.message).toContain('no answer within 400 ms');
  });

  it('ends at the timeout of its caller, whatever its server allows', async () => {
    const pool = await begin({ idleTimeout: '900ms', totalTimeout: '1h' });
    const error = await failureOf(pool.call('rogue.progress_for_ever', {}, { timeoutMs: 300, safeToRepeat: false }));
    expect(error.message).toContain('no answer within 300 ms');
  });

  it('goes by its binding before its server', async () => {
    const pool = await begin({ idleTimeout: '50ms', totalTimeout: '1h' });
    const options = { timeoutMs: 5_000, safeToRepeat: false };
    expect(await pool.call('patient.progress', { times: 2, everyMs: 150 }, options)).toEqual({ times: 2 });
    expect((await failureOf(pool.call('hasty.hang', {}, options))).message).toContain('for 100 ms');
    expect((await failureOf(pool.call('bounded.progress_for_ever', {}, options))).message).toContain('within 300 ms');
  });
});
