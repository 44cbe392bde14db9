import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { parentDeathGuard } from '../../../src/adapters/mcp/parent-death-guard.js';
import { identityOf } from '../../../src/adapters/mcp/process-identity.js';
import { eventually } from '../../support/mcp/rogue.js';

const guard = await parentDeathGuard();

// A parent that starts a server as the stdio transport does, and prints its pid.
const PARENT = `
  const [program, ...words] = JSON.parse(process.argv[1]);
  const server = require('node:child_process').spawn(program, words, { detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
  server.stdout.once('data', () => console.log(server.pid));
`;
const SERVER = 'console.log("up"); setInterval(() => {}, 1000)';

describe.runIf(guard.length > 0)('the parent-death guard', () => {
  it('ends a server that ignores its stdin when its worker is killed', async () => {
    const parent: ChildProcess = spawn(
      process.execPath,
      ['-e', PARENT, JSON.stringify([...guard, process.execPath, '-e', SERVER])],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [line] = parent.stdout ? await once(parent.stdout, 'data') : [];
    const pid = Number(line);
    expect(identityOf(pid)).toBeDefined();
    parent.kill('SIGKILL');
    await eventually(() => identityOf(pid) === undefined, 'the end of the server');
  });
});
