/**
 * A canary in every place where a secret can be configured, all processes at their most talkative, tools that repeat what
 * they were given: no canary may turn up in Redis, in what a process says, in `ps`, or in anything that the dashboard sends.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { DIST, type Place, place } from '../../acceptance/cli/cli-process.js';
import { useOwnRedis } from '../../support/redis-server.js';
import { readKey } from '../../support/upgrade/snapshot.js';

const CANARIES = {
  envLiteral: 'canary-env-literal-1f',
  envReference: 'canary-env-reference-2e',
  headerLiteral: 'canary-header-literal-3d',
  headerReference: 'canary-header-reference-4c',
  urlPassword: 'canary-url-password-5b',
  dashboardToken: 'canary-dashboard-token-6a',
};

/** Speaks just enough MCP to give away whatever it knows: on stderr, in an error, and when it is asked to say more. */
const GOSSIP = `
import { createInterface } from 'node:readline';
const secrets = [process.env.LITERAL, process.env.REFERENCE].join(' ');
process.stderr.write('starting with ' + secrets + '\\n');
for await (const line of createInterface(process.stdin)) {
  const { id, method, params } = JSON.parse(line);
  const answer = (result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  if (method === 'initialize') answer({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'gossip', version: '1' } });
  if (method === 'tools/list') answer({ tools: [{ name: 'tell', inputSchema: { type: 'object' } }] });
  if (method === 'tools/call') {
    process.stdout.write('not JSON: ' + secrets + '\\n');
    answer({ isError: true, content: [{ type: 'text', text: 'refused for ' + secrets }] });
  }
}
`;

const WORKFLOW = `
const part = (tool) => ({ run: api.mcpTask(tool, { attempts: 1, timeout: '8s' }), with: () => ({}) });
const gossip = api.defineFanOut({ name: 'gossip', input: z.object({}), aggregate: (results) => results,
  branches: { stdio: part('gossip.tell'), http: part('echo.buy'), url: part('walled.buy') } });
const unlucky = api.defineSaga({ name: 'unlucky', input: z.object({}) })
  .step('one', api.mcpTask('gossip.tell', { idempotent: true, attempts: 2 }), { with: () => ({}) }).returns(() => null);`;

/** Refuses everybody with the very headers that they sent. */
async function echoingServer(): Promise<number> {
  const server = createServer((request: IncomingMessage, response) => {
    response.writeHead(403).end(`no entry with ${JSON.stringify(request.headers)}`);
  }).listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Every key of every type, with all that is in it. */
async function dumpOf(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys('*');
    return JSON.stringify(await Promise.all(keys.map(async (key) => [key, await readKey(redis, key)])));
  } finally {
    redis.disconnect();
  }
}

/** Command lines of all processes, as `ps` would show them. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .join('\n');
}

const Started = z.object({ url: z.string() });
const Board = z.object({
  queues: z.array(z.object({ name: z.string(), jobs: z.array(z.object({ id: z.string() })) })),
});

/** Everything that the dashboard shows of these queues, headers included. */
async function dashboardOf(url: string, token: string): Promise<string> {
  const seen: string[] = [];
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await response.text();
    seen.push(path, JSON.stringify([...response.headers]), text);
    return text;
  };
  for (const path of ['/', '/readyz', '/healthz', '/nothing', '/?cursor=rubbish', '/admin/queues']) await get(path);
  await get('/admin/queues/api/redis/stats');
  for (const queue of ['runs', 'tasks', 'attention']) {
    const page = await get(`/admin/queues/api/queues?activeQueue=${queue}&status=latest&page=1&jobsPerPage=50`);
    const { queues } = Board.parse(JSON.parse(page));
    for (const { id } of queues.find(({ name }) => name === queue)?.jobs ?? [])
      for (const what of ['', '/logs', '/flow']) await get(`/admin/queues/api/queues/${queue}/${id}${what}`);
  }
  await get('/admin/queues/api/queues/runs/workers');
  return seen.join('\n');
}

async function configured(redis: string): Promise<Place> {
  const site = await place({ redis, imports: WORKFLOW, workflows: ', gossip, unlucky' });
  const port = await echoingServer();
  writeFileSync(join(site.folder, 'gossip.mjs'), GOSSIP);
  const mcpServers = {
    gossip: {
      command: process.execPath,
      args: [join(site.folder, 'gossip.mjs')],
      env: { LITERAL: CANARIES.envLiteral, REFERENCE: '$' + '{CANARY_ENV}' },
    },
    echo: {
      url: `http://127.0.0.1:${port}/mcp`,
      headers: { 'x-key': CANARIES.headerLiteral, authorization: 'Bearer $' + '{CANARY_HEADER}' },
    },
    walled: { url: `http://me:${CANARIES.urlPassword}@127.0.0.1:${port}/mcp` },
    weather: { command: process.execPath, args: [join(DIST, 'servers/weather/main.js'), '--source', 'sample'] },
  };
  writeFileSync(join(site.folder, 'mcp.json'), JSON.stringify({ mcpServers }));
  Object.assign(site.env, {
    CANARY_ENV: CANARIES.envReference,
    CANARY_HEADER: CANARIES.headerReference,
    SWITCHYARD_TOKEN: CANARIES.dashboardToken,
    SWITCHYARD_LOG: 'debug',
    SWITCHYARD_DEBUG: '1',
  });
  return site;
}

test('no configured secret turns up in Redis, in any log or error, in ps, or in the dashboard', async () => {
  const { url } = await useOwnRedis();
  const redisPassword = new URL(url).password;
  const { run, start } = await configured(url);
  const worker = await start(['worker'], /^Worker \d+ is ready/);
  const dashboard = await start(['api', '--port', '0', '--json'], /^\{/);
  const ends = await Promise.all(
    ['gossip', 'unlucky'].map((name) => run(['enqueue', name, '{}', '--wait', '30s', '--json'])),
  );
  expect(ends.map(({ code }) => code)).toEqual([1, 1]);
  const processes = commandLines();
  expect(processes).toContain('gossip.mjs');
  const shown = await dashboardOf(Started.parse(JSON.parse(dashboard.line)).url, CANARIES.dashboardToken);
  expect(shown).toContain('refused for [redacted]');
  const stored = await dumpOf(url);
  expect(stored).toContain('refused for [redacted]');
  const listed = await run(['runs']);
  const wrong = await run(['runs', '--redis', url.replace(redisPassword, 'canary-wrong-password')]);
  expect(wrong.code).toBe(3);
  for (const { child } of [worker, dashboard]) child.kill('SIGTERM');
  const said = await Promise.all([worker.ended, dashboard.ended]);
  expect(said.map(({ code }) => code)).toEqual([0, 0]);
  expect(said[0]?.err).toContain('starting with [redacted]');

  const places = { stored, shown, processes, said: JSON.stringify([...said, ...ends, listed, wrong]) };
  const canaries = { ...CANARIES, redisPassword, wrongPassword: 'canary-wrong-password' };
  const found = Object.entries(places).flatMap(([where, text]) =>
    Object.entries(canaries).flatMap(([which, canary]) => (holds(text, canary) ? [`${which} in ${where}`] : [])),
  );
  expect(found).toEqual([]);
}, 60_000);

/** As it is, and as headers and URLs carry it. */
function holds(text: string, canary: string): boolean {
  const basic = Buffer.from(`me:${canary}`).toString('base64');
  return [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64'), basic].some((form) =>
    text.includes(form),
  );
}
