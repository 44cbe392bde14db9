/** The compiled programs as their users start them. `npm test` builds first; alone, run `npm run build` before. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SHIPPED_SERVERS, type ShippedServer, shippedServers } from '../../../src/servers/shipped-servers.js';
import { answer, dataFolder } from './server-fixture.js';

const DIST = process.env.SWITCHYARD_TEST_DIST ?? fileURLToPath(new URL('../../../dist', import.meta.url));
/** Files in the race for seeding; each is a chance for two processes to meet. */
const RACES = 20;

const main = (server: ShippedServer) => join(DIST, 'servers', server, 'main.js');

function start(server: ShippedServer, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [main(server), ...args], { env: { PATH: process.env.PATH, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function client(server: ShippedServer, dataDir: string, ...args: string[]) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main(server), '--data', dataDir, ...args],
    stderr: 'ignore',
  });
  const connected = new Client({ name: 'test', version: '0.0.0' });
  await connected.connect(transport);
  onTestFinished(() => connected.close());
  return connected;
}

async function ended(child: ChildProcessWithoutNullStreams) {
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

const charge = { orderId: 'order-1', customer: 'cust-1001', amountMinor: 100, currency: 'EUR' };
const calls = (...messages: object[]) =>
  messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('');
const initialize = {
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '0' } },
};

describe('a server as a process of its own', () => {
  it('is built where an mcp.json entry for it points', () => {
    const entries = shippedServers({ dataDir: '/data', faults: 'f.json', weatherSource: 'sample' });
    for (const server of SHIPPED_SERVERS) {
      expect(existsSync(main(server)), 'run `npm run build` first').toBe(true);
      expect(entries[server].args[0]).toMatch(new RegExp(`servers/${server}/main\\.js$`));
      expect(entries[server].args).toEqual(expect.arrayContaining(['--data', '/data', '--faults', 'f.json']));
    }
    expect(entries.weather.args).toEqual(expect.arrayContaining(['--source', 'sample']));
  });

  it('three processes that open the same new files at the same moment seed each once', async () => {
    const dataDir = dataFolder();
    // Loads the store, says so, waits for the starting signal, and then races through the files.
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(pathToFileURL(join(DIST, 'servers/database/sqlite-store.js')).href)});
      process.stdout.write('ready\\n');
      await new Promise((go) => process.stdin.once('data', go));
      const totals = [];
      for (let n = 0; n < ${RACES}; n += 1) {
        const store = openSqliteStore(${JSON.stringify(dataDir)} + '/race-' + n + '.db');
        totals.push((await store.query('customers', '', 1)).total);
      }
      process.stdout.write(JSON.stringify(totals));
      process.exit(0);
    `;
    const racers = [1, 2, 3].map(() => spawn(process.execPath, ['--input-type=module', '--eval', script]));
    onTestFinished(() => racers.forEach((racer) => void racer.kill('SIGKILL')));
    await Promise.all(racers.map((racer) => once(racer.stdout, 'data')));
    const ends = racers.map(ended);
    for (const racer of racers) racer.stdin.write('go\n');
    for (const { err, out } of await Promise.all(ends)) {
      expect(err).toBe('');
      expect(JSON.parse(out)).toEqual(Array.from({ length: RACES }, () => 12));
    }
  });

  it('two processes that charge the same keys at the same time make one ledger row for each', async () => {
    const dataDir = dataFolder();
    const [one, two] = await Promise.all([client('commerce', dataDir), client('commerce', dataDir)]);
    const keys = Array.from({ length: 40 }, (_, n) => `order-${n}/charge/0`);
    const pay = (each: Client) =>
      Promise.all(keys.map((idempotencyKey) => answer(each, 'charge_payment', { ...charge, idempotencyKey })));
    const [first, second] = await Promise.all([pay(one), pay(two)]);
    expect(second).toEqual(first);
    expect((await answer(one, 'get_ledger', {})).totals).toMatchObject({ charges: 40, chargedMinor: 4_000 });
  });

  it('that dies after an effect has kept it: the same key on another process answers without doing it again', async () => {
    const dataDir = dataFolder();
    const faults = join(dataDir, 'faults.json');
    writeFileSync(faults, '[{ "tool": "charge_payment", "dieAfterEffect": true }]');
    const dying = await client('commerce', dataDir, '--faults', faults);
    const args = { ...charge, idempotencyKey: 'k' };
    await expect(dying.callTool({ name: 'charge_payment', arguments: args })).rejects.toThrow(/closed/i);
    const next = await client('commerce', dataDir, '--faults', faults);
    expect(await answer(next, 'charge_payment', args)).toMatchObject({ status: 'charged' });
    expect((await answer(next, 'get_ledger', {})).totals).toMatchObject({ charges: 1 });
  });

  it('answers what was asked before stdin ended, writes nothing but the protocol to stdout, and ends with 0', async () => {
    const child = start('weather', ['--source', 'sample']);
    child.stdin.end(
      calls(
        initialize,
        { method: 'notifications/initialized' },
        { id: 1, method: 'tools/call', params: { name: 'get_current_weather', arguments: { city: 'Paris' } } },
      ),
    );
    const { code, out } = await ended(child);
    expect(code).toBe(0);
    const messages = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(messages).toMatchObject([{ id: 0 }, { id: 1, result: { structuredContent: { city: 'Paris' } } }]);
  });

  it('ends when its parent is gone, although a call hangs', async () => {
    const dataDir = dataFolder();
    const faults = join(dataDir, 'faults.json');
    writeFileSync(faults, '[{ "tool": "get_current_weather", "hang": true }]');
    const child = start('weather', ['--source', 'sample', '--data', dataDir, '--faults', faults]);
    const over = ended(child);
    child.stdin.end(
      calls(initialize, {
        id: 1,
        method: 'tools/call',
        params: { name: 'get_current_weather', arguments: { city: 'Paris' } },
      }),
    );
    expect((await over).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'over HTTP prints its URL on stderr, serves, and ends with 0 on %s',
    async (signal) => {
      const child = start('database', ['--http', '--port', '0', '--data', dataFolder()]);
      const [line] = await once(createInterface(child.stderr), 'line');
      const url = /^switchyard-database: listening on (http:\/\/127\.0\.0\.1:\d+\/mcp)$/.exec(String(line))?.[1];
      const connected = new Client({ name: 'test', version: '0.0.0' });
      await connected.connect(new StreamableHTTPClientTransport(new URL(url ?? '')));
      expect(await answer(connected, 'query', { table: 'users' })).toMatchObject({ total: 8 });
      const over = once(child, 'close');
      child.kill(signal);
      expect(await over).toEqual([0, null]);
      await connected.close();
    },
  );

  it('does not start on a bad flag, a bad fault file, or faults in production, and says why in one line', async () => {
    const dataDir = dataFolder();
    const faults = join(dataDir, 'faults.json');
    writeFileSync(faults, '[{ "tool": "charge_payment" }]');
    const refusals: [string[], NodeJS.ProcessEnv, string][] = [
      [['--nonsense'], {}, '--nonsense'],
      [['--data', dataDir, '--faults', faults], {}, `${faults} is no list of fault rules. 0: orders nothing`],
      [['--data', dataDir], { SWITCHYARD_FAULTS: faults, NODE_ENV: 'production' }, 'because NODE_ENV is production'],
      [['--data', faults], {}, `Cannot open ${faults}`],
    ];
    const ends = await Promise.all(refusals.map(([args, env]) => ended(start('commerce', args, env))));
    ends.forEach(({ code, out, err }, n) => {
      expect(err).toContain(refusals[n]?.[2]);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect({ code, out }).toEqual({ code: 2, out: '' });
    });
  });

  it('explains itself', async () => {
    const { code, out } = await ended(start('commerce', ['--help']));
    expect(code).toBe(0);
    expect(out).toContain('Usage: switchyard-commerce');
  });
});
