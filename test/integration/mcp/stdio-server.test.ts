import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { identityOf } from '../../../src/adapters/mcp/process-identity.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { eventually, failureOf, isAlive, type Rogue, rogueOverStdio } from '../../support/mcp/rogue.js';

const ONCE = { timeoutMs: 5_000, safeToRepeat: false };

describe('an MCP server over stdio', () => {
  let rogue: Rogue | undefined;
  afterEach(async () => {
    await rogue?.close();
    rogue = undefined;
  });
  const start = (options: Parameters<typeof rogueOverStdio>[0] = {}) => {
    rogue = rogueOverStdio(options);
    return rogue;
  };
  const pidOf = async (from: Rogue) => ((await from.pool.call('rogue.environment', {}, ONCE)) as { pid: number }).pid;

  it('is started once for calls that come together', async () => {
    const { pool } = start();
    const calls = [1, 2, 3].map(() => pool.call('rogue.environment', {}, ONCE) as Promise<{ pid: number }>);
    const pids = (await Promise.all(calls)).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(1);
  });

  it('gets the short list of inherited variables and its own, nothing else of ours', async () => {
    process.env.SWITCHYARD_TEST_SECRET = 'not for servers';
    try {
      const { pool } = start({ env: { MODE: 'test' } });
      const { names } = (await pool.call('rogue.environment', {}, ONCE)) as { names: string[] };
      expect(names).toContain('MODE');
      const inherited = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];
      expect(names.filter((name) => name !== 'MODE' && !inherited.includes(name))).toEqual([]);
    } finally {
      delete process.env.SWITCHYARD_TEST_SECRET;
    }
  });

  it('may write megabytes to stderr without stopping', async () => {
    const { pool } = start();
    expect(await pool.call('rogue.flood', {}, ONCE)).toEqual({ flooded: true });
  });

  it('that dies after such a flood is noticed at once', async () => {
    const { pool } = start();
    await pool.call('rogue.echo', {}, ONCE);
    const startedAt = performance.now();
    await expect(pool.call('rogue.flood_and_die', {}, ONCE)).rejects.toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      answered: false,
    });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('that crashes at start is SERVER_START_FAILED with its exit code, command and the last lines of its stderr', async () => {
    const { pool } = start({
      args: ['--crash-at-start', 'cannot open the ledger, key=s3cret-value'],
      env: { KEY: 's3cret-value' },
    });
    const error = await failureOf(pool.call('rogue.echo', {}, ONCE));
    expect(error).toMatchObject({ code: 'SERVER_START_FAILED', answered: undefined });
    expect(error.message).toContain('exited with code 7');
    expect(error.message).toContain('rogue-server.mjs');
    expect(error.message).toContain('cannot open the ledger, key=[redacted]');
    expect(error.message).toContain('line 4');
    expect(error.message).not.toContain('line 3\n');
  });

  it.each([
    ['a command that does not exist', { command: 'no-such-program-anywhere' }],
    ['a working directory that does not exist', { command: process.execPath, cwd: '/no/such/folder' }],
  ])('with %s is SERVER_START_FAILED', async (_title, server) => {
    const pool = createToolPool({ config: parseMcpConfig({ mcpServers: { broken: server } }, 'test') });
    await expect(pool.call('broken.echo', {}, ONCE)).rejects.toMatchObject({
      code: 'SERVER_START_FAILED',
      message: expect.stringMatching(/no.such/),
    });
    await pool.close();
  });

  it('that never initializes is SERVER_START_FAILED, and its process is ended', async () => {
    const pool = createToolPool({
      config: parseMcpConfig(
        {
          mcpServers: {
            mute: { command: process.execPath, args: ['-e', 'console.error(process.pid);setInterval(()=>{},1000)'] },
          },
        },
        'test',
      ),
      startTimeoutMs: 300,
    });
    const error = await failureOf(pool.call('mute.echo', {}, ONCE));
    expect(error).toMatchObject({ code: 'SERVER_START_FAILED', message: expect.stringContaining('300 ms') });
    const pid = Number(/\n\s+(\d+)$/.exec(error.message)?.[1]);
    expect(pid).toBeGreaterThan(1);
    expect(isAlive(pid)).toBe(false);
    await pool.close();
  });

  it('that is still starting when the call times out was never asked', async () => {
    const pool = createToolPool({
      config: parseMcpConfig(
        { mcpServers: { mute: { command: process.execPath, args: ['-e', 'setInterval(()=>{},1000)'] } } },
        'test',
      ),
    });
    await expect(pool.call('mute.echo', {}, { timeoutMs: 100, safeToRepeat: true })).rejects.toMatchObject({
      code: 'TOOL_TIMEOUT',
      answered: undefined,
    });
    await pool.close();
  });

  it('is in doubt about a call of which an earlier attempt may have arrived, whatever became of the last', async () => {
    const { pool } = start();
    await pool.call('rogue.echo', {}, ONCE);
    // The server dies at once; the time is up before it may be started again.
    const error = await failureOf(pool.call('rogue.die', {}, { timeoutMs: 80, safeToRepeat: true }));
    expect(error).toMatchObject({ code: 'TOOL_TIMEOUT', answered: false });
  });

  it('that exits between two calls is started again', async () => {
    const from = start();
    const first = await pidOf(from);
    process.kill(first, 'SIGKILL');
    await eventually(() => !isAlive(first));
    expect(await pidOf(from)).not.toBe(first);
  });

  it('that keeps failing to start is not started again by every call', async () => {
    const { pool } = start({ args: ['--crash-at-start', 'still broken'] });
    const codes: string[] = [];
    while (codes.at(-1) !== 'SERVER_PAUSED' && codes.length < 8) {
      const error = await failureOf(pool.call('rogue.echo', {}, ONCE));
      codes.push(error.code);
      if (error.code === 'SERVER_PAUSED') expect(error.retryAfterMs).toBeGreaterThan(1_000);
    }
    expect(codes).toEqual([...Array(5).fill('SERVER_START_FAILED'), 'SERVER_PAUSED']);
  });

  it('that hangs as a whole is ended after a timeout, so that other calls find a new one', async () => {
    const from = start();
    const hung = await pidOf(from);
    await expect(from.pool.call('rogue.freeze', {}, { timeoutMs: 200, safeToRepeat: false })).rejects.toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    await eventually(() => !isAlive(hung));
    expect(await from.pool.call('rogue.echo', { n: 1 }, ONCE)).toEqual({ n: 1 });
  });

  it('that lets one call hang but answers pings stays', async () => {
    const from = start();
    const pid = await pidOf(from);
    await expect(from.pool.call('rogue.hang', {}, { timeoutMs: 200, safeToRepeat: false })).rejects.toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    expect(await pidOf(from)).toBe(pid);
  });

  it('is gone, with what it started, when close() resolves', async () => {
    const from = start();
    const pid = await pidOf(from);
    const { pid: child } = (await from.pool.call('rogue.spawn_child', {}, ONCE)) as { pid: number };
    await from.pool.close();
    expect(isAlive(pid)).toBe(false);
    await eventually(() => process.platform !== 'linux' || identityOf(child) === undefined);
  });

  it('that does not start is reported by check(), not thrown', async () => {
    const { pool } = start({ args: ['--crash-at-start', 'no licence'] });
    expect(await pool.check()).toMatchObject([
      {
        server: 'rogue',
        ok: false,
        error: { code: 'SERVER_START_FAILED', message: expect.stringContaining('no licence') },
      },
    ]);
  });

  it('that ignores SIGTERM is killed by close()', async () => {
    const from = start({ args: ['--ignore-sigterm'] });
    const pid = await pidOf(from);
    await from.pool.close();
    expect(isAlive(pid)).toBe(false);
  });
});

describe.runIf(process.platform === 'linux')('what a killed worker leaves behind', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const dataDir = () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-pids-'));
    folders.push(folder);
    return folder;
  };
  const config = parseMcpConfig({ mcpServers: {} }, 'test');
  const record = (folder: string, list: unknown) => {
    mkdirSync(join(folder, 'mcp-servers'));
    writeFileSync(join(folder, 'mcp-servers', '1-dead.json'), JSON.stringify(list));
  };
  /** A pool that has been asked for something. */
  const use = async (folder: string) => {
    const pool = createToolPool({ config, dataDir: folder });
    await pool.check();
    await pool.close();
  };
  const idle = async () => {
    const child = spawn(process.execPath, ['-e', 'console.log("up");setInterval(()=>{},1000)'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    return { child, pid: child.pid ?? 0 };
  };

  it('is listed while a server runs, and no longer', async () => {
    const folder = dataDir();
    const rogue = rogueOverStdio({ dataDir: folder });
    const { pid } = (await rogue.pool.call('rogue.environment', {}, ONCE)) as { pid: number };
    const lists = () => readdirSync(join(folder, 'mcp-servers'));
    const [name = ''] = lists();
    expect(JSON.parse(readFileSync(join(folder, 'mcp-servers', name), 'utf8'))).toMatchObject({
      worker: { pid: process.pid },
      servers: [{ pid, identity: identityOf(pid) }],
    });
    await rogue.close();
    expect(lists()).toEqual([]);
  });

  it('is ended by the next pool in the same data folder', async () => {
    const folder = dataDir();
    const { child, pid } = await idle();
    record(folder, { worker: { pid: 2 ** 22 - 1, identity: 'gone' }, servers: [{ pid, identity: identityOf(pid) }] });
    const exited = once(child, 'exit');
    await use(folder);
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(readdirSync(join(folder, 'mcp-servers'))).toEqual([]);
  });

  it('is left alone while its worker lives, and when the pid has become somebody else', async () => {
    const { child, pid } = await idle();
    const [living, reused, rubbish] = [dataDir(), dataDir(), dataDir()];
    record(living, {
      worker: { pid: process.pid, identity: identityOf(process.pid) },
      servers: [{ pid, identity: identityOf(pid) }],
    });
    record(reused, { worker: { pid: 2 ** 22 - 1, identity: 'gone' }, servers: [{ pid, identity: 'another boot:1' }] });
    record(rubbish, 'no list');
    for (const folder of [living, reused, rubbish]) await use(folder);
    expect(isAlive(pid)).toBe(true);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
});
