import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadMcpConfig, parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import type { SwitchyardError } from '../../../src/errors.js';

const refusal = (value: unknown, environment = {}): SwitchyardError => {
  try {
    parseMcpConfig(value, 'mcp.json', { environment });
  } catch (error) {
    return error as SwitchyardError;
  }
  throw new Error('expected the configuration to be refused');
};
const server = { command: 'node', args: ['server.js'] };

describe('an MCP configuration', () => {
  it("reads the file that people already have, other programs' entries included", () => {
    const { servers } = parseMcpConfig(
      {
        inputs: [],
        mcpServers: {
          files: { type: 'stdio', ...server, env: { MODE: 'ro' }, autoApprove: ['x'], timeout: 60 },
          shop: { type: 'http', url: 'https://shop.example/mcp', headers: { 'X-Team': 'a' } },
          old: { command: 'x', disabled: true },
        },
      },
      'mcp.json',
    );
    expect([...servers.keys()]).toEqual(['files', 'shop']);
    expect(servers.get('files')).toMatchObject({
      kind: 'stdio',
      command: 'node',
      args: ['server.js'],
      env: { MODE: 'ro' },
    });
    expect(servers.get('shop')).toMatchObject({ kind: 'http', headers: { 'X-Team': 'a' } });
  });

  it('fills variables in and shows none of them', () => {
    const environment = { TOKEN: 'tok-123456', HOST: 'shop.example', DIR: '/srv/data-dir' };
    const { servers } = parseMcpConfig(
      {
        mcpServers: {
          shop: { url: `https://$\{HOST}/mcp`, headers: { Authorization: `Bearer $\{TOKEN}` } },
          files: {
            command: 'node',
            args: ['s.js', `$\{DIR}`, `$\{NONE:-fallback}`],
            env: { KEY: `$\{TOKEN}`, PLAIN: 'plain-secret' },
          },
        },
      },
      'mcp.json',
      { environment },
    );
    const [shop, files] = [servers.get('shop'), servers.get('files')];
    expect(shop).toMatchObject({
      url: new URL('https://shop.example/mcp'),
      headers: { Authorization: 'Bearer tok-123456' },
      display: `https://$\{HOST}/mcp`,
    });
    expect(files).toMatchObject({
      args: ['s.js', '/srv/data-dir', 'fallback'],
      env: { KEY: 'tok-123456' },
      display: `node s.js $\{DIR} $\{NONE:-fallback}`,
    });
    expect(shop?.redact('sent Bearer tok-123456')).toBe('sent [redacted]');
    expect(files?.redact('tok-123456 plain-secret /srv/data-dir')).toBe('[redacted] [redacted] [redacted]');
  });

  it('starts a relative cwd at the folder of the file', () => {
    const { servers } = parseMcpConfig({ mcpServers: { a: { ...server, cwd: 'tools' } } }, 'mcp.json', {
      folder: '/srv/app',
    });
    expect(servers.get('a')).toMatchObject({ cwd: '/srv/app/tools' });
  });

  it.each([
    ['no mcpServers', {}, 'mcpServers: expected an object of servers by name'],
    ['a list of servers', { mcpServers: [] }, 'mcpServers: expected an object of servers by name'],
    ['nothing of its own', [], '(the whole): expected an object with "mcpServers"'],
    ['neither command nor url', { mcpServers: { a: {} } }, 'mcpServers.a: expected either "command"'],
    [
      'both command and url',
      { mcpServers: { a: { ...server, url: 'http://x' } } },
      'mcpServers.a: expected either "command"',
    ],
    ['arguments that are no list', { mcpServers: { a: { command: 'x', args: 'y' } } }, 'mcpServers.a.args:'],
    [
      'an environment value that is no text',
      { mcpServers: { a: { command: 'x', env: { PORT: 1 } } } },
      'mcpServers.a.env.PORT:',
    ],
    ['a URL that is none', { mcpServers: { a: { url: 'shop' } } }, 'mcpServers.a.url: expected an absolute URL'],
    [
      'a URL of another kind',
      { mcpServers: { a: { url: 'file:///etc/passwd' } } },
      'mcpServers.a.url: expected http:// or https://, found file://',
    ],
    [
      'the transport of 2024',
      { mcpServers: { a: { type: 'sse', url: 'http://x' } } },
      'mcpServers.a.type: the SSE transport',
    ],
    ['a server name with a dot', { mcpServers: { 'a.b': server } }, 'mcpServers.a.b: a server name has letters'],
    ['a server name with a blank', { mcpServers: { 'c d': server } }, 'mcpServers.c d: a server name has letters'],
    ['a list of bindings', { mcpServers: { a: server }, bindings: [] }, 'bindings: expected an object of bindings'],
    [
      'a missing variable',
      { mcpServers: { a: { ...server, env: { KEY: `$\{NOT_SET}` } } } },
      'mcpServers.a.env.KEY: environment variable NOT_SET is not set',
    ],
    [
      'a binding to no server',
      { mcpServers: { a: server }, bindings: { 'x.y': { server: 'b', tool: 't' } } },
      'bindings.x.y.server: there is no server "b"; configured: a',
    ],
    [
      'a binding with an unknown word',
      { mcpServers: { a: server }, bindings: { 'x.y': { server: 'a', tool: 't', argument: {} } } },
      'bindings.x.y: Unrecognized key: "argument"',
    ],
    [
      'a binding that picks from an answer not there yet',
      { mcpServers: { a: server }, bindings: { 'x.y': { server: 'a', tool: 't', arguments: { p: '$.q' } } } },
      'bindings.x.y.arguments.p: expected a constant',
    ],
    [
      'an unknown dialect',
      { mcpServers: { a: server }, bindings: { 'x.y': { server: 'a', dialect: 'ftp' } } },
      'bindings.x.y.dialect: expected "filesystem"',
    ],
    [
      'a capability without a dot',
      { mcpServers: { a: server }, bindings: { xy: { server: 'a', tool: 't' } } },
      'bindings.xy: a capability is written <group>.<name>',
    ],
  ])('with %s is refused with file, path and what was expected', (_title, value, message) => {
    const error = refusal(value);
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', retryable: false });
    expect(error.message).toContain('mcp.json');
    expect(error.message).toContain(message);
  });
});

describe('an MCP configuration file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-config-'));
  const path = join(folder, 'mcp.json');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is loaded, a byte order mark included', async () => {
    writeFileSync(path, `\uFEFF${JSON.stringify({ mcpServers: { a: server } })}`);
    expect((await loadMcpConfig(path)).servers.has('a')).toBe(true);
  });

  it('that is no JSON is refused with line and column', async () => {
    writeFileSync(path, '{\n  "mcpServers": {\n    "a": { "command": "node", }\n  }\n}');
    await expect(loadMcpConfig(path)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining(`${path} is not valid JSON at line 3, column 31`),
    });
  });

  it('that is not there is refused with its path', async () => {
    await expect(loadMcpConfig('/no/such/mcp.json')).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('/no/such/mcp.json'),
    });
  });
});

describe("a server's limits", () => {
  const limitsOf = (limits: unknown) => {
    const parsed = parseMcpConfig({ mcpServers: { a: { ...server, limits } } }, 'mcp.json');
    return parsed.servers.get('a')?.limits;
  };

  it('have defaults, each of which can be set alone', () => {
    const defaults = {
      concurrent: 32,
      waiting: 256,
      breaker: { failures: 5, pauseMs: 60_000, successes: 3 },
      health: { everyMs: 30_000, timeoutMs: 5_000 },
    };
    expect(limitsOf(undefined)).toEqual(defaults);
    expect(limitsOf({})).toEqual(defaults);
    expect(limitsOf({ breaker: { pause: '5s' }, health: { timeout: 250 } })).toEqual({
      ...defaults,
      breaker: { failures: 5, pauseMs: 5_000, successes: 3 },
      health: { everyMs: 30_000, timeoutMs: 250 },
    });
    expect(limitsOf({ concurrent: 1, waiting: 0, idleTimeout: '2s', totalTimeout: '5m' })).toMatchObject({
      concurrent: 1,
      waiting: 0,
      idleTimeoutMs: 2_000,
      totalTimeoutMs: 300_000,
    });
    expect(limitsOf({ health: { every: false } })?.health).toEqual({ everyMs: undefined, timeoutMs: 5_000 });
  });

  it.each([
    [{ concurrent: 0 }, 'mcpServers.a.limits.concurrent: expected a whole number from 1 to 10000'],
    [{ concurrent: 1.5 }, 'mcpServers.a.limits.concurrent: expected a whole number from 1 to 10000'],
    [{ waiting: -1 }, 'mcpServers.a.limits.waiting: expected a whole number from 0 to 10000'],
    [{ breaker: { failures: 0 } }, 'mcpServers.a.limits.breaker.failures: expected a whole number from 1 to 1000'],
    [{ breaker: { pause: '2h' } }, 'mcpServers.a.limits.breaker.pause: the value is "2h": use 10 ms to 3600000 ms'],
    [{ breaker: { pause: 'soon' } }, 'mcpServers.a.limits.breaker.pause: the value "soon" is not a duration'],
    [{ breaker: { retries: 3 } }, 'mcpServers.a.limits.breaker: Unrecognized key: "retries"'],
    [{ idleTimeout: '1ms' }, 'mcpServers.a.limits.idleTimeout: the value is "1ms": use 10 ms to'],
    [{ idleTimeout: null }, 'mcpServers.a.limits.idleTimeout: expected a duration'],
    [{ health: { every: true } }, 'mcpServers.a.limits.health.every: expected a duration, or false for no checks'],
    [{ timeout: '5s' }, 'mcpServers.a.limits: Unrecognized key: "timeout"'],
  ])('refuse %j, and say where and what was expected', (limits, words) => {
    expect(refusal({ mcpServers: { a: { ...server, limits } } })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining(words),
    });
  });

  it('can be set for the calls of one binding', () => {
    const { bindings } = parseMcpConfig(
      {
        mcpServers: { a: server },
        bindings: { 'b.c': { server: 'a', tool: 'c', idleTimeout: '3s', totalTimeout: 10 } },
      },
      'mcp.json',
    );
    expect(bindings['b.c']).toMatchObject({ idleTimeout: 3_000, totalTimeout: 10 });
    const wrong = { mcpServers: { a: server }, bindings: { 'b.c': { server: 'a', tool: 'c', idleTimeout: 'x' } } };
    expect(refusal(wrong).message).toContain('bindings.b.c.idleTimeout: the value "x" is not a duration');
  });
});
