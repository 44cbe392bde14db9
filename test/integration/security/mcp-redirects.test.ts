/** The URLs in `mcp.json` are the list of what is reached over HTTP; no server can make it longer. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { parseMcpConfig } from '../../../src/adapters/mcp/config.js';
import { createToolPool } from '../../../src/adapters/mcp/tool-pool.js';
import { failureOf } from '../../support/mcp/rogue.js';

const ONCE = { timeoutMs: 5_000, safeToRepeat: true };

async function listening(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Where nobody was to go; what came there. */
async function elsewhere() {
  const reached: string[] = [];
  const url = await listening((request, response) => {
    reached.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    response.end('{}');
  });
  return { url, reached };
}

function callOf(url: string) {
  const headers = { authorization: 'Bearer not-for-others' };
  const pool = createToolPool({
    config: parseMcpConfig({ mcpServers: { shop: { url: `${url}/mcp`, headers } } }, 'test'),
  });
  onTestFinished(() => pool.close());
  return failureOf(pool.call('shop.buy', {}, ONCE));
}

test.each([301, 302, 303, 307, 308])(
  'an MCP server that redirects (%i) is an error, and nobody follows',
  async (status) => {
    const other = await elsewhere();
    const url = await listening((_request, response) => {
      response.writeHead(status, { location: `${other.url}/mcp` }).end();
    });
    const error = await callOf(url);
    expect(error).toMatchObject({ code: 'TOOL_UNAVAILABLE', message: expect.stringContaining(`HTTP ${status}`) });
    expect(other.reached).toEqual([]);
  },
);

test('an MCP server that asks to be authorised elsewhere is an error, and nobody goes there', async () => {
  const other = await elsewhere();
  const url = await listening((_request, response) => {
    const metadata = `Bearer resource_metadata="${other.url}/.well-known/oauth-protected-resource"`;
    response.writeHead(401, { 'www-authenticate': metadata }).end();
  });
  expect(await callOf(url)).toMatchObject({ code: 'TOOL_UNAVAILABLE', retryable: false });
  expect(other.reached).toEqual([]);
});

test('a capability reaches servers of the configuration only, whatever it is called', async () => {
  const other = await elsewhere();
  const pool = createToolPool({ config: parseMcpConfig({ mcpServers: {} }, 'test') });
  onTestFinished(() => pool.close());
  for (const capability of [`${other.url}/mcp.buy`, '__proto__.toString', 'constructor.name', '.buy', 'buy'])
    expect(await failureOf(pool.call(capability, {}, ONCE))).toMatchObject({ code: 'UNKNOWN_SERVER' });
  expect(other.reached).toEqual([]);
});
