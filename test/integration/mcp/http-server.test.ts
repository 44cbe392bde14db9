import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { failureOf, type HttpRogue, rogueOverHttp } from '../../support/mcp/rogue.js';

const ONCE = { timeoutMs: 5_000, safeToRepeat: false };

describe('an MCP server over HTTP', () => {
  let rogue: HttpRogue | undefined;
  afterEach(async () => {
    await rogue?.close();
    rogue = undefined;
  });
  const start = async (options: Parameters<typeof rogueOverHttp>[0] = {}) => {
    rogue = await rogueOverHttp(options);
    return rogue;
  };

  it.each(['404', '400'])(
    'that has lost the session (%s) is initialized anew, and the call goes through once',
    async (status) => {
      const { pool, journal } = await start({ args: ['--lost-session-status', status] });
      await pool.call('rogue.forget_sessions', {}, ONCE);
      expect(await pool.call('rogue.echo', { n: 1 }, ONCE)).toEqual({ n: 1 });
      expect(journal().filter((word) => word === 'echo')).toHaveLength(1);
    },
  );

  it('keeps a call that is under way when another finds the session lost', async () => {
    const { pool, journaled } = await start();
    const slow = pool.call('rogue.progress_for_ever', {}, { timeoutMs: 800, safeToRepeat: false });
    slow.catch(() => {});
    await journaled('progress_for_ever');
    await pool.call('rogue.forget_sessions', {}, ONCE);
    await pool.call('rogue.echo', {}, ONCE);
    await expect(slow).rejects.toMatchObject({ code: 'TOOL_TIMEOUT' });
  });

  it('that was restarted is used again without anybody noticing', async () => {
    const { pool, restart } = await start();
    await pool.call('rogue.echo', {}, ONCE);
    await restart();
    expect(await pool.call('rogue.echo', { n: 2 }, ONCE)).toEqual({ n: 2 });
  });

  it('that is not there is TOOL_UNAVAILABLE, never asked', async () => {
    const { pool, kill } = await start();
    await kill();
    await expect(pool.call('rogue.echo', {}, { timeoutMs: 4_000, safeToRepeat: false })).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered: undefined,
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('that goes away between two calls is TOOL_UNAVAILABLE, never asked', async () => {
    const { pool, kill } = await start();
    await pool.call('rogue.echo', {}, ONCE);
    await kill();
    await expect(pool.call('rogue.echo', {}, ONCE)).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered: undefined,
    });
  });

  it('that ends the stream without the answer fails the call at once', async () => {
    const { pool } = await start();
    const startedAt = Date.now();
    await expect(pool.call('rogue.end_unanswered', {}, ONCE)).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered: false,
    });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });

  it('that ends a stream with an event id is asked for the rest of it, and the tool only once', async () => {
    const { pool, journal } = await start();
    expect(await pool.call('rogue.resumable', { n: 3 }, ONCE)).toEqual({ n: 3 });
    expect(journal().filter((word) => word === 'resumable')).toHaveLength(1);
  });

  it('that does not give the rest of a stream fails the call at once', async () => {
    const { pool } = await start();
    const startedAt = Date.now();
    await expect(pool.call('rogue.never_resumed', {}, ONCE)).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered: false,
    });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });

  it.each([
    ['status_500', false, true],
    ['status_401', undefined, false],
  ])('that answers %s is TOOL_UNAVAILABLE (answered %s, retryable %s)', async (tool, answered, retryable) => {
    const { pool } = await start();
    await expect(pool.call(`rogue.${tool}`, {}, ONCE)).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered,
      retryable,
    });
  });

  it('has its socket back when a call times out', async () => {
    const { pool, journaled } = await start();
    await pool.call('rogue.echo', {}, ONCE);
    await expect(pool.call('rogue.hang', {}, { timeoutMs: 200, safeToRepeat: false })).rejects.toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    await journaled('socket-freed:hang');
  });

  it('that is closed ends the calls under way at once, and answers many at a time without a warning', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const { pool, journaled } = await start();
    await Promise.all(Array.from({ length: 20 }, (_, n) => pool.call('rogue.echo', { n }, ONCE)));
    const hanging = failureOf(pool.call('rogue.hang', {}, ONCE));
    await journaled('hang');
    await pool.close();
    expect(await hanging).toMatchObject({ code: 'TOOL_UNAVAILABLE', answered: false });
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('has its session ended, and every socket closed, by close()', async () => {
    // Those made from here on: other files of this process may have left some, which go in their own time.
    const sockets: Socket[] = [];
    const made = (message: unknown) => sockets.push(z.object({ socket: z.instanceof(Socket) }).parse(message).socket);
    subscribe('net.client.socket', made);
    onTestFinished(() => void unsubscribe('net.client.socket', made));
    const { pool, journaled } = await start();
    await Promise.all([1, 2, 3].map((n) => pool.call('rogue.echo', { n }, ONCE)));
    expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeGreaterThan(0);
    await pool.close();
    await journaled('session-ended');
    // Sooner than idle ones are given up.
    await vi.waitUntil(() => sockets.every(({ destroyed }) => destroyed), 1_000);
  });
});

describe('a URL behind which there is no MCP server', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it('is reported with its URL as configured and no header value', async () => {
    server = createServer((_request, response) => response.writeHead(403).end('key hunter2-secret is not valid here'));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const config = parseMcpConfig(
      { mcpServers: { shop: { url: `http://127.0.0.1:${port}/mcp`, headers: { Authorization: 'hunter2-secret' } } } },
      'test',
    );
    const pool = createToolPool({ config });
    const error = await failureOf(pool.call('shop.buy', {}, ONCE));
    expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', retryable: false, answered: undefined });
    expect(error.message).toMatch(/"shop" at http:\/\/127.0.0.1:\d+\/mcp.*HTTP 403.*check its "headers"/);
    expect(error.message).not.toContain('hunter2');
    await pool.close();
  });
});
