/** The servers of the table, and for each tool a call whose repetition tells something. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';

type Args = Readonly<Record<string, unknown>>;
export type CallTool = (tool: string, args: Args) => Promise<unknown>;

export interface Probe {
  readonly tool: string;
  readonly args: (folder: string) => Args;
  /** Argument that takes an idempotency key, where there is one. */
  readonly key?: string;
  /** Calls that must have happened before. */
  readonly after?: readonly { readonly tool: string; readonly args: (folder: string) => Args }[];
}

export interface ProbedServer {
  readonly name: string;
  /** npm package; of ours the folder under `dist/servers`. */
  readonly from: { readonly npm: string; readonly version: string } | { readonly ours: string };
  readonly args?: (folder: string) => readonly string[];
  readonly env?: (folder: string) => Readonly<Record<string, string>>;
  /** What stands in the server's books, from outside of the probed tool: two states that differ are two effects. */
  readonly state: (folder: string, call: CallTool) => Promise<unknown> | unknown;
  readonly probes: readonly Probe[];
}

/** Names and contents of all files below, without the times at which they were written. */
function filesOf(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      return [
        name,
        statSync(path).isDirectory() ? 'folder' : createHash('sha256').update(readFileSync(path)).digest('hex'),
      ];
    });
}

const Row = z.object({ n: z.number() });

/** How many rows each table of a SQLite file has. */
function rowsOf(path: string): unknown {
  const file = new Database(path, { readonly: true });
  try {
    const tables = z
      .array(z.object({ name: z.string() }))
      .parse(file.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all());
    // Of the row only the number: the driver adds how long it took.
    return tables.map(({ name }) => [name, Row.parse(file.prepare(`SELECT count(*) AS n FROM "${name}"`).get()).n]);
  } finally {
    file.close();
  }
}

const entity = { name: 'Ada', entityType: 'person', observations: ['writes programs'] };
const relation = { from: 'Ada', to: 'Ada', relationType: 'knows' };
const money = { amountMinor: 500, currency: 'EUR' };
const message = { to: 'ada@example.com', subject: 'Hello', body: 'Hello' };
const address = { name: 'Ada', street: 'Main St 1', city: 'Utrecht', postalCode: '3511 AB', country: 'NL' };
const adjustment = { table: 'inventory', column: 'quantity', changes: [{ id: 'sku-5010', by: -1 }] };
const charge = { orderId: 'order-1', customer: 'ada', ...money };
const write = (name: string) => (folder: string) => ({ path: join(folder, name), content: 'one\n' });

export const SERVERS: readonly ProbedServer[] = [
  {
    name: 'filesystem',
    from: { npm: '@modelcontextprotocol/server-filesystem', version: '2026.8.31' },
    args: (folder) => [folder],
    state: filesOf,
    probes: [
      { tool: 'write_file', args: write('a.txt') },
      {
        tool: 'edit_file',
        after: [{ tool: 'write_file', args: write('b.txt') }],
        args: (folder) => ({ path: join(folder, 'b.txt'), edits: [{ oldText: 'one', newText: 'one one' }] }),
      },
      { tool: 'create_directory', args: (folder) => ({ path: join(folder, 'new') }) },
      {
        tool: 'move_file',
        after: [{ tool: 'write_file', args: write('c.txt') }],
        args: (folder) => ({ source: join(folder, 'c.txt'), destination: join(folder, 'd.txt') }),
      },
      { tool: 'read_text_file', args: (folder) => ({ path: join(folder, 'a.txt') }) },
      { tool: 'list_directory', args: (folder) => ({ path: folder }) },
      { tool: 'search_files', args: (folder) => ({ path: folder, pattern: '*.txt' }) },
    ],
  },
  {
    name: 'memory',
    from: { npm: '@modelcontextprotocol/server-memory', version: '2026.8.31' },
    env: (folder) => ({ MEMORY_FILE_PATH: join(folder, 'memory.jsonl') }),
    state: (_folder, call) => call('read_graph', {}),
    probes: [
      { tool: 'create_entities', args: () => ({ entities: [entity] }) },
      { tool: 'create_relations', args: () => ({ relations: [relation] }) },
      {
        tool: 'add_observations',
        args: () => ({ observations: [{ entityName: 'Ada', contents: ['counts effects'] }] }),
      },
      {
        tool: 'delete_observations',
        args: () => ({ deletions: [{ entityName: 'Ada', observations: ['counts effects'] }] }),
      },
      { tool: 'delete_relations', args: () => ({ relations: [relation] }) },
      { tool: 'delete_entities', args: () => ({ entityNames: ['Ada'] }) },
      { tool: 'search_nodes', args: () => ({ query: 'Ada' }) },
    ],
  },
  {
    name: 'everything',
    from: { npm: '@modelcontextprotocol/server-everything', version: '2026.8.31' },
    args: () => ['stdio'],
    state: () => null,
    probes: [
      { tool: 'echo', args: () => ({ message: 'hello' }) },
      { tool: 'get-sum', args: () => ({ a: 1, b: 2 }) },
      { tool: 'get-structured-content', args: () => ({ location: 'Chicago' }) },
      { tool: 'toggle-simulated-logging', args: () => ({}) },
    ],
  },
  {
    name: 'memory-libsql (SQLite)',
    from: { npm: 'mcp-memory-libsql', version: '0.0.17' },
    env: (folder) => ({ LIBSQL_URL: `file:${join(folder, 'memory.db')}` }),
    state: async (_folder, call) => withoutTimes(await call('read_graph', {})),
    probes: [
      { tool: 'create_entities', args: () => ({ entities: [entity] }) },
      {
        tool: 'create_relations',
        args: () => ({ relations: [{ source: 'Ada', target: 'Ada', type: 'knows' }] }),
      },
      { tool: 'delete_relation', args: () => ({ source: 'Ada', target: 'Ada', type: 'knows' }) },
      { tool: 'delete_entity', args: () => ({ name: 'Ada' }) },
      { tool: 'search_nodes', args: () => ({ query: 'Ada' }) },
    ],
  },
  {
    name: 'switchyard-database (SQLite)',
    from: { ours: 'database' },
    args: (folder) => ['--data', folder],
    state: async (_folder, call) => [
      await call('query', { table: 'users', query: 'retry' }),
      await call('query', { table: 'inventory', query: 'sku-5010' }),
    ],
    probes: [
      {
        tool: 'insert',
        key: 'idempotencyKey',
        args: () => ({ table: 'users', data: { id: 'retry-1', name: 'Retry', email: 'retry@example.com' } }),
      },
      { tool: 'adjust', key: 'idempotencyKey', args: () => adjustment },
      { tool: 'delete', key: 'idempotencyKey', args: () => ({ table: 'users', id: 'retry-1' }) },
      { tool: 'query', args: () => ({ table: 'users', query: 'retry' }) },
    ],
  },
  {
    name: 'switchyard-commerce',
    from: { ours: 'commerce' },
    args: (folder) => ['--data', folder],
    state: (folder) => rowsOf(join(folder, 'commerce.db')),
    probes: [
      { tool: 'charge_payment', key: 'idempotencyKey', args: () => charge },
      {
        tool: 'refund_payment',
        key: 'idempotencyKey',
        after: [{ tool: 'charge_payment', args: () => ({ ...charge, idempotencyKey: 'charged' }) }],
        args: () => ({ paymentKey: 'charged', ...money }),
      },
      { tool: 'send_notification', key: 'idempotencyKey', args: () => message },
      { tool: 'create_shipping_label', key: 'idempotencyKey', args: () => ({ orderId: 'order-1', address }) },
      { tool: 'get_ledger', args: () => ({}) },
    ],
  },
  {
    name: 'switchyard-weather',
    from: { ours: 'weather' },
    args: () => ['--source', 'sample'],
    state: () => null,
    probes: [{ tool: 'get_current_weather', args: () => ({ city: 'Paris' }) }],
  },
];

function withoutTimes(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (name, inner) => (/_at$/.test(name) ? undefined : inner)));
}
