import { request } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { databaseProgram } from '../../../src/servers/database/program.js';
import { type HttpEndpoint, type HttpOptions, MAX_BODY_BYTES, serveHttp } from '../../../src/servers/serve-http.js';
import { createToolServer } from '../../../src/servers/tool-server.js';
import { answer, openTools } from './server-fixture.js';

async function listening(options: Partial<HttpOptions> = {}): Promise<HttpEndpoint> {
  const tools = openTools(databaseProgram);
  const createServer = () => createToolServer({ name: 'database', version: '0.0.0', tools, log: () => {} });
  const endpoint = await serveHttp({ host: '127.0.0.1', port: 0, allowedHosts: [], createServer, ...options });
  onTestFinished(() => endpoint.close());
  return endpoint;
}

async function connect(url: string, headers: Record<string, string> = {}) {
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const client = new Client({ name: 'test', version: '0.0.0' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, transport };
}

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const listTools = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });

/** fetch does not let a caller choose its Host header. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { ...jsonHeaders, host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end(listTools);
  });
}

describe('Streamable HTTP', () => {
  it('serves several clients at once, each in a session of its own, on the same data', async () => {
    const { url } = await listening();
    const [one, two] = [await connect(url), await connect(url)];
    expect(one.transport.sessionId).toBeTypeOf('string');
    expect(one.transport.sessionId).not.toBe(two.transport.sessionId);
    await answer(one.client, 'delete', { table: 'users', id: 'user-2001' });
    expect(await answer(two.client, 'query', { table: 'users' })).toMatchObject({ total: 7 });
  });

  it('whose port is taken says so in plain words', async () => {
    const { url } = await listening();
    const second = listening({ port: Number(new URL(url).port) });
    await expect(second).rejects.toThrow(/port \d+: another program has it\. Choose another with --port/);
  });

  it('answers 404 to a session that has ended or never was, and 400 to a call before any', async () => {
    const { url } = await listening();
    const { transport } = await connect(url);
    const id = transport.sessionId ?? '';
    await transport.terminateSession();
    for (const session of [id, 'nonsense']) {
      const headers = { ...jsonHeaders, 'mcp-session-id': session };
      expect((await fetch(url, { method: 'POST', headers, body: listTools })).status).toBe(404);
    }
    expect((await fetch(url, { method: 'POST', headers: jsonHeaders, body: listTools })).status).toBe(400);
  });

  it('refuses a body above the cap, declared or streamed, and goes on serving', async () => {
    const { url } = await listening();
    const body = JSON.stringify({ padding: 'x'.repeat(MAX_BODY_BYTES) });
    expect((await fetch(url, { method: 'POST', headers: jsonHeaders, body })).status).toBe(413);
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: jsonHeaders,
      body: new Blob([body]).stream(),
      duplex: 'half',
    };
    expect((await fetch(url, init)).status).toBe(413);
    const { client } = await connect(url);
    expect(await answer(client, 'query', { table: 'users' })).toMatchObject({ total: 8 });
  });

  it('refuses other hosts and the pages of other origins', async () => {
    const { url } = await listening();
    expect(await statusWithHost(url, 'evil.example')).toBe(403);
    const headers = { ...jsonHeaders, origin: 'https://evil.example' };
    expect((await fetch(url, { method: 'POST', headers, body: listTools })).status).toBe(403);
  });

  it('asks for its token, when it has one, before anything else', async () => {
    const { url } = await listening({ token: 'secret' });
    expect((await fetch(url, { method: 'POST', headers: jsonHeaders, body: listTools })).status).toBe(401);
    const { client } = await connect(url, { authorization: 'Bearer secret' });
    expect((await client.listTools()).tools).toHaveLength(6);
  });

  it('is at /mcp only', async () => {
    const { url } = await listening();
    expect((await fetch(url.replace('/mcp', '/'))).status).toBe(404);
  });

  it('says which port is taken', async () => {
    const { url } = await listening();
    const port = Number(new URL(url).port);
    await expect(listening({ port })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining(`${port}`),
    });
  });

  it('closes with clients still connected', async () => {
    const endpoint = await listening();
    const { client } = await connect(endpoint.url);
    await endpoint.close();
    await expect(client.listTools()).rejects.toThrow();
  });
});
