/**
 * The acceptance load: real worker processes, the three shipped workflows at once, a tenth of the runs under ordered
 * faults; then every run's end is compared with what was ordered, and the books are balanced to the unit.
 *
 * Run it at length by `npm run load`; the suite runs a short one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import {
  createToolPool,
  parseMcpConfig,
  type Run,
  type RunStatus,
  switchyard,
  type ToolPool,
} from '../../src/index.js';
import { shippedContracts, shippedWorkflows } from '../../src/workflows/index.js';

const DIST = resolve('dist');
const AMOUNT_MINOR = 1_990;
const SKU = 'sku-5012';

export interface MixedLoad {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Runs of each workflow. */
  readonly runs: number;
  readonly workers: number;
}

export interface LoadReport {
  readonly seconds: number;
  /** Runs by workflow and status, such as `order compensated: 50`. */
  readonly ends: Readonly<Record<string, number>>;
  /** Runs that ended otherwise than ordered, and books that do not balance; empty when all is well. */
  readonly wrong: readonly string[];
}

/** Faults are ordered by a word in the arguments, so that only the runs that carry it meet them. */
const FAULTS = [
  {
    tool: 'create_shipping_label',
    match: 'Refused Street',
    fail: 'always',
    retryable: false,
    message: 'the carrier refuses',
  },
  { tool: 'charge_payment', match: 'flaky', fail: 2 },
  { tool: 'charge_payment', match: 'lost answer', fail: 1, when: 'after' },
  { tool: 'send_notification', match: 'deadly', dieAfterEffect: true },
  { tool: 'query', match: 'broken', fail: 'always', retryable: false },
];

const ORDER_FAULTS = ['flaky', 'lost answer', 'deadly', 'refused'] as const;
type Ordered = (typeof ORDER_FAULTS)[number] | undefined;

/** Every tenth run is under an ordered fault, the faults in turn. */
function orderedFault(run: number): Ordered {
  return run % 10 === 0 ? ORDER_FAULTS[(run / 10) % ORDER_FAULTS.length] : undefined;
}

function orderInput(run: number, fault: Ordered) {
  return {
    customer: {
      name: `Customer ${run} ${fault ?? ''}`.trim(),
      email: `customer${run}@example.com`,
      id: `cus ${run} ${fault ?? ''}`.trim(),
    },
    items: [{ sku: SKU, quantity: 1 + (run % 3) }],
    amountMinor: AMOUNT_MINOR,
    address: {
      street: fault === 'refused' ? 'Refused Street 1' : `Main Street ${run}`,
      city: 'Utrecht',
      postalCode: '3511',
      country: 'NL',
    },
  };
}

interface Started {
  readonly run: Run;
  readonly expected: RunStatus;
}

export async function mixedLoad(load: MixedLoad): Promise<LoadReport> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-load-'));
  const begun = performance.now();
  const { mcpFile, configFile } = await writeProject(folder, load.prefix);
  const tools = createToolPool({
    config: parseMcpConfig(servers(folder), 'the load test'),
    contracts: shippedContracts,
  });
  const sy = switchyard({ connection: load.redisUrl, prefix: load.prefix, workflows: shippedWorkflows });
  const workers = await Promise.all(
    Array.from({ length: load.workers }, () => startWorker(folder, mcpFile, configFile, load.redisUrl)),
  );
  try {
    const stockBefore = await stock(tools);
    const started = (await Promise.all(Array.from({ length: load.runs }, (_, run) => startThree(sy, run)))).flat();
    const states = await Promise.all(started.map(({ run }) => run.wait('170s')));
    const wrong = states.flatMap((state, at) => {
      const expected = started[at]?.expected;
      return state.status === expected
        ? []
        : [`${state.id}: ${state.status}, ordered: ${expected} (${'error' in state ? state.error?.message : ''})`];
    });
    const books = await balance(tools, load.runs, stockBefore);
    return { seconds: (performance.now() - begun) / 1000, ends: countEnds(states), wrong: [...wrong, ...books] };
  } finally {
    await Promise.all(workers.map(stopWorker));
    await sy.close();
    await tools.close();
    await rm(folder, { recursive: true });
  }
}

function servers(folder: string) {
  const common = ['--data', folder, '--faults', join(folder, 'faults.json')];
  const server = (name: string, ...own: string[]) => ({
    command: process.execPath,
    args: [join(DIST, 'servers', name, 'main.js'), ...own, ...common],
  });
  const files = resolve('node_modules/@modelcontextprotocol/server-filesystem/dist/index.js');
  return {
    mcpServers: {
      weather: server('weather', '--source', 'sample'),
      database: server('database'),
      commerce: server('commerce'),
      files: { command: process.execPath, args: [files, join(folder, 'files')] },
    },
  };
}

/** What the shipped worker command needs to serve the shipped workflows from a folder, with the faults above on order. */
export async function writeProject(folder: string, prefix: string, more: Readonly<Record<string, unknown>> = {}) {
  const [mcpFile, configFile] = [join(folder, 'mcp.json'), join(folder, 'switchyard.config.mjs')];
  await mkdir(join(folder, 'files'));
  await writeFile(join(folder, 'files', 'orders-report.md'), '# Orders\n');
  await writeFile(join(folder, 'files', 'api.log'), 'ok\n');
  await writeFile(join(folder, 'faults.json'), JSON.stringify(FAULTS));
  await writeFile(mcpFile, JSON.stringify(servers(folder)));
  const workflows = pathToFileURL(join(DIST, 'workflows', 'index.js')).href;
  await writeFile(
    configFile,
    `import { shippedWorkflows } from ${JSON.stringify(workflows)};\nexport default { workflows: shippedWorkflows, ...${JSON.stringify({ ...more, prefix })} };\n`,
  );
  return { mcpFile, configFile };
}

export async function startWorker(
  folder: string,
  mcp: string,
  config: string,
  redisUrl: string,
  nodeArgs: readonly string[] = [],
): Promise<ChildProcess> {
  const worker = spawn(
    process.execPath,
    [...nodeArgs, join(DIST, 'main.js'), 'worker', '--data', folder, '--mcp', mcp, '--config', config],
    { env: { ...process.env, REDIS_URL: redisUrl }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const errors: string[] = [];
  worker.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const ready = new Promise<void>((resolveReady, reject) => {
    const wait = (chunk: Buffer) => /ready/i.test(chunk.toString()) && resolveReady();
    worker.stdout?.on('data', wait);
    worker.stderr?.on('data', wait);
    worker.once('exit', (code) => reject(new Error(`worker ended with ${code}: ${errors.join('')}`)));
  });
  await ready;
  return worker;
}

export async function stopWorker(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGTERM');
  await once(worker, 'exit');
}

async function startThree(sy: ReturnType<typeof switchyard>, at: number): Promise<readonly Started[]> {
  const fault = orderedFault(at);
  const query = fault ? 'orders report broken' : 'weather in Tokyo and the orders report';
  const ask = fault ? 'my account billing broken' : `the api has an error number ${at}`;
  const orderExpected = fault === 'refused' ? 'compensated' : 'completed';
  return [
    { run: await sy.start('parallel', { query }), expected: fault ? 'partial' : 'completed' },
    { run: await sy.start('support', { query: ask }), expected: fault ? 'partial' : 'completed' },
    { run: await sy.start('order', orderInput(at, fault)), expected: orderExpected },
  ];
}

function countEnds(
  states: readonly { readonly workflow: string; readonly status: RunStatus }[],
): Record<string, number> {
  const ends: Record<string, number> = {};
  for (const { workflow, status } of states) ends[`${workflow} ${status}`] = (ends[`${workflow} ${status}`] ?? 0) + 1;
  return ends;
}

const CALL = { timeoutMs: 10_000, safeToRepeat: true };

async function stock(tools: ToolPool): Promise<number> {
  const answer = await tools.call('database.query', { table: 'inventory', query: SKU }, CALL);
  const { rows } = z.object({ rows: z.array(z.object({ id: z.string(), quantity: z.int() })) }).parse(answer);
  const row = rows.find(({ id }) => id === SKU);
  if (!row) throw new Error(`the inventory has no ${SKU}`);
  return row.quantity;
}

async function balance(tools: ToolPool, runs: number, stockBefore: number): Promise<readonly string[]> {
  const ledger = z
    .object({ totals: z.object({ charges: z.int(), refunds: z.int(), balanceMinor: z.int() }) })
    .parse(await tools.call('commerce.get_ledger', { limit: 1 }, CALL));
  const orders = Array.from({ length: runs }, (_, at) => ({ fault: orderedFault(at), quantity: 1 + (at % 3) }));
  const refused = orders.filter(({ fault }) => fault === 'refused').length;
  const sold = orders.filter(({ fault }) => fault !== 'refused').reduce((sum, { quantity }) => sum + quantity, 0);
  const found = { ...ledger.totals, stock: stockBefore - (await stock(tools)) };
  const due = { charges: runs, refunds: refused, balanceMinor: (runs - refused) * AMOUNT_MINOR, stock: sold };
  return Object.entries(due).flatMap(([name, amount]) => {
    const actual = Object.entries(found).find(([key]) => key === name)?.[1];
    return actual === amount ? [] : [`${name}: ${actual}, due: ${amount}`];
  });
}
