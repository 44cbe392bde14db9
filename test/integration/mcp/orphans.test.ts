/** What a worker leaves behind that was killed, from end to end: real worker, real server that ignores its stdin and SIGTERM. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { parentDeathGuard } from '../../../src/adapters/mcp/parent-death-guard.js';
import { identityOf } from '../../../src/adapters/mcp/process-identity.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { eventually } from '../../support/mcp/rogue.js';

const WORKER = fileURLToPath(new URL('../../support/mcp/doomed-worker.ts', import.meta.url));
const SERVER = fileURLToPath(new URL('../../support/mcp/rogue-server.mjs', import.meta.url));
const [setpriv] = await parentDeathGuard();

describe.runIf(setpriv !== undefined)('when a worker is killed', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  const start = async (command: string, args: readonly string[]) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-orphans-'));
    ends.push(() => rmSync(dataDir, { recursive: true, force: true }));
    const mcp = JSON.stringify({ mcpServers: { rogue: { command, args } } });
    const worker: ChildProcess = spawn(process.execPath, ['--import', 'tsx', WORKER, mcp, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ends.push(() => worker.kill('SIGKILL'));
    const [line] = worker.stdout ? await once(worker.stdout, 'data') : [];
    const pid = Number(line);
    const identity = identityOf(pid);
    expect(identity).toBeDefined();
    const lives = () => identityOf(pid) === identity;
    ends.push(() => {
      if (lives()) process.kill(pid, 'SIGKILL');
    });
    return { worker, dataDir, lives };
  };
  const kill = async (worker: ChildProcess) => {
    const exited = once(worker, 'exit');
    worker.kill('SIGKILL');
    await exited;
  };

  it('its server ends with it', async () => {
    const { worker, lives } = await start(process.execPath, [SERVER, '--ignore-sigterm']);
    await kill(worker);
    await eventually(() => !lives(), 'the end of the server');
  });

  it('a server that shook off the guard is ended by the next worker in the same data folder', async () => {
    const unguarded = ['--pdeathsig', 'clear', '--', process.execPath, SERVER, '--ignore-sigterm'];
    const { worker, dataDir, lives } = await start(setpriv ?? '', unguarded);
    await kill(worker);
    expect(lives()).toBe(true);
    expect(readdirSync(join(dataDir, 'mcp-servers'))).toHaveLength(1);
    const next = createToolPool({ config: parseMcpConfig({ mcpServers: {} }, 'the test'), dataDir });
    await next.check();
    await next.close();
    await eventually(() => !lives(), 'the end of the server');
    expect(readdirSync(join(dataDir, 'mcp-servers'))).toEqual([]);
  });
});
