/** The compiled `switchyard mcp` as an agent's program starts it: over stdio and over HTTP, and killed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openCommerceFile } from '../../../src/servers/commerce/commerce-file.js';
import { readLedger } from '../../../src/servers/commerce/ledger.js';
import { TestClient } from '../../integration/mcp-server/served.js';
import { DIST, type Place, place } from './cli-process.js';

const MAIN = join(DIST, 'main.js');
const CALLING_CLIENT = fileURLToPath(new URL('../../support/mcp-server/calling-client.mjs', import.meta.url));

const ORDER = {
  customer: { name: 'Ada Lindqvist', email: 'ada@example.com' },
  items: [{ sku: 'sku-5009', quantity: 2 }],
  amountMinor: 5_980,
  address: { street: '12 Storgata', city: 'Oslo', postalCode: '0155', country: 'NO' },
};

/** Its first step is done at once and talks where it must not; its second waits to be told. */
const GATED = {
  imports: `console.log('a configuration that greets the world');
const first = api.defineTask({ name: 'first', idempotent: true, input: z.object({}), output: z.string(),
  run: () => { console.log('a task that talks'); process.stdout.write('and again\\n'); return 'done'; } });
const gated = api.defineSaga({ name: 'gated', input: z.object({}) })
  .step('first', first, { with: () => ({}) })
  .step('gate', api.signal({ name: 'gate', output: z.object({ ok: z.boolean() }) }), { with: () => ({}) })
  .returns((done) => done.gate ?? null);`,
  workflows: ', gated',
};

/** A place whose worker has no MCP servers to start. */
async function placeWithoutServers(): Promise<Place> {
  const where = await place(GATED);
  writeFileSync(join(where.folder, 'mcp.json'), '{ "mcpServers": {} }');
  return where;
}

function environment({ env }: Place): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  );
}

function stdio(where: Place, args: readonly string[]): StdioClientTransport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'mcp', ...args],
    cwd: where.folder,
    env: environment(where),
    stderr: 'ignore',
  });
}

/** Each test starts several processes, on a machine that may be busy. */
const PROCESSES_MS = 60_000;

const Progress = z.object({ progress: z.number(), _meta: z.object({ 'switchyard/run': z.string() }) });

describe('over stdio', () => {
  it('runs an order with its own worker, once per key; and only the protocol is on standard output', {
    timeout: PROCESSES_MS,
  }, async () => {
    const where = await place(GATED);
    const agent = await TestClient.connect(stdio(where, ['--with-worker']));
    const { tools } = await agent.client.listTools();
    expect(tools.find(({ name }) => name === 'order')).toMatchObject({
      title: 'Place an order',
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
    });
    const progress: number[] = [];
    const call = { ...ORDER, _run: { key: 'order-42' } };
    const placed = await agent.answer('order', call, { onProgress: (seen) => void progress.push(seen.progress) });
    expect(placed).toMatchObject({
      ...{ status: 'completed', isError: false, stages: { ended: 5, known: 5 } },
      output: { success: true, finalStatus: 'completed', executedSteps: expect.arrayContaining(['charge_payment']) },
    });
    expect(progress[0]).toBe(0);
    expect((await agent.answer('order', call)).id).toBe(placed.id);
    const file = openCommerceFile(join(where.folder, '.switchyard', 'commerce.db'));
    onTestFinished(() => file.close());
    expect(readLedger(file, 10, undefined).totals).toMatchObject({ charges: 1, chargedMinor: 5_980 });

    const impossible = await agent.answer('order', { ...ORDER, items: [{ sku: 'sku-5011', quantity: 900 }] });
    expect(impossible).toMatchObject({ status: 'compensated', isError: true, error: { code: 'TOOL_FAILED' } });
    expect(impossible.next).toContain('undone');

    // A configuration and a task that write to standard output break no message.
    const gated = await agent.answer('gated', { _run: { waitSeconds: 2, key: 'g' } });
    expect(gated).toMatchObject({ status: 'running', stages: { ended: 1 } });
    expect(agent.errors).toEqual([]);
  });

  it('a client that is killed in mid-run loses nothing: another attaches by id and by key', {
    timeout: PROCESSES_MS,
  }, async () => {
    const where = await placeWithoutServers();
    // What was to end with the call is not ended by the death of its client.
    const input = { _run: { key: 'mine', cancelWithCall: true } };
    const call = { tool: 'gated', input, env: environment(where) };
    const doomed = spawn(
      process.execPath,
      [CALLING_CLIENT, JSON.stringify(call), process.execPath, MAIN, 'mcp', '--with-worker'],
      { cwd: where.folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void doomed.kill('SIGKILL'));
    const [line] = await once(createInterface(doomed.stdout), 'line');
    const id = Progress.parse(JSON.parse(String(line)))._meta['switchyard/run'];
    const gone = once(doomed, 'exit');
    doomed.kill('SIGKILL');
    expect((await gone)[1]).toBe('SIGKILL');

    const agent = await TestClient.connect(stdio(where, ['--with-worker', '--operator']));
    const attached = await agent.answer('run_wait', { id, waitSeconds: 0 });
    expect(attached).toMatchObject({ id, status: 'running', stages: { ended: 1, known: 2 } });
    const waiting = agent.answer('run_wait', { workflow: 'gated', key: 'mine' });
    await agent.call('run_signal', { id, stage: 'gate', value: { ok: true } });
    expect(await waiting).toMatchObject({ id, status: 'completed', output: { ok: true } });
    expect(await agent.answer('run_status', { id })).toMatchObject({ timeline: [{ attempts: 1 }, { name: 'gate' }] });
  });
});

describe("the inspector's command line", () => {
  const INSPECTOR = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector-cli/build/index.js'));

  it('lists the workflows, and starts one with a key', { timeout: PROCESSES_MS }, async () => {
    const where = await placeWithoutServers();
    const inspect = async (...method: readonly string[]): Promise<unknown> => {
      // Before the method, whose last option takes as many values as there are.
      const args = [INSPECTOR, process.execPath, MAIN, 'mcp', '--method', ...method];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: where.folder, env: where.env });
      return JSON.parse(stdout);
    };
    const run = ['--tool-arg', '_run={"key":"inspected","waitSeconds":0}'];
    const [listed, called] = await Promise.all([
      inspect('tools/list'),
      inspect('tools/call', '--tool-name', 'gated', ...run),
    ]);
    expect(listed).toMatchObject({ tools: expect.arrayContaining([expect.objectContaining({ name: 'order' })]) });
    expect(called).toMatchObject({ structuredContent: { workflow: 'gated', status: 'queued' } });
  });
});

describe('over HTTP', () => {
  it('admits this machine and its token, streams progress, and outlives the connection of its client', {
    timeout: PROCESSES_MS,
  }, async () => {
    const where = await placeWithoutServers();
    where.env.SWITCHYARD_TOKEN = 's3cret';
    const server = await where.start(['mcp', '--http', '--port', '0', '--json', '--with-worker', '--operator'], /^\{/);
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(server.line));
    const post = (headers: Record<string, string>) =>
      fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', ...headers } });
    expect((await post({})).status).toBe(401);
    expect((await post({ authorization: 'Bearer s3cre' })).status).toBe(401);
    expect((await post({ authorization: 'Bearer s3cret', origin: 'http://evil.example' })).status).toBe(403);

    const transport = () =>
      new StreamableHTTPClientTransport(new URL(url), {
        requestInit: { headers: { authorization: 'Bearer s3cret' } },
      });
    const leaving = await TestClient.connect(transport());
    const id = await new Promise<string>((resolve) => {
      const onProgress = (seen: unknown) => {
        const { progress, _meta } = Progress.parse(seen);
        if (progress >= 1) resolve(_meta['switchyard/run']);
      };
      leaving.call('gated', { _run: { key: 'http', cancelWithCall: true } }, { onProgress }).catch(() => undefined);
    });
    await leaving.client.close();

    const agent = await TestClient.connect(transport());
    const waiting = agent.answer('run_wait', { workflow: 'gated', key: 'http' });
    await agent.call('run_signal', { id, stage: 'gate', value: { ok: true } });
    expect(await waiting).toMatchObject({ id, status: 'completed', output: { ok: true } });
    await agent.client.close();
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });
});
