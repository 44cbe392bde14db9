/** The real commerce and database servers, and their books read from their own files: the oracle outside of Redis. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseMcpConfig } from '../../src/adapters/mcp/config.js';
import { createToolPool } from '../../src/adapters/mcp/tool-pool.js';
import { toSwitchyardError } from '../../src/errors.js';
import type { LedgerRow, Movement, Replay } from '../../src/orchestrators/invariants/history.js';
import type { ToolCaller } from '../../src/ports.js';
import { openCommerceFile } from '../../src/servers/commerce/commerce-file.js';
import { DATABASE_SCHEMA } from '../../src/servers/database/sqlite-tables.js';
import { SqliteFile } from '../../src/servers/sqlite.js';
import { REFUSED, SKU } from './plan.js';

const FAULTS = [
  { tool: 'create_shipping_label', match: REFUSED, fail: 'always', retryable: false, message: 'the carrier refuses' },
];

export interface Books {
  readonly ledger: readonly LedgerRow[];
  readonly movements: readonly Movement[];
  readonly stock: number;
}

/** Where the books stood; several matrices may use one shop, one after the other. */
export interface Mark {
  readonly commerce: number;
  readonly money: number;
  readonly database: number;
}

export interface Bookkeeping {
  mark(): Mark;
  /** What was written since. */
  books(since: Mark): Books;
}

export interface Shop extends Bookkeeping {
  /** By server's name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Sends the calls of some charges again, with the same arguments and with others. */
  replay(limit: number): Promise<readonly Replay[]>;
  stop(): Promise<void>;
}

const NAMES = ['commerce', 'database'] as const;

export async function openShop(folder: string): Promise<Shop> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'faults.json'), JSON.stringify(FAULTS));
  const started = await Promise.all(NAMES.map((name) => startServer(name, folder)));
  const servers = Object.fromEntries(started.map(({ name, url }) => [name, url]));
  const config = { mcpServers: Object.fromEntries(started.map(({ name, url }) => [name, { url }])) };
  const tools = createToolPool({ config: parseMcpConfig(config, 'the shop') });
  return {
    servers,
    ...booksIn(folder),
    replay: (limit) => replay(tools, folder, limit),
    async stop() {
      await tools.close();
      await Promise.all(started.map(({ child }) => stopServer(child)));
    },
  };
}

/** The books in the data folder of some servers. */
export function booksIn(folder: string): Bookkeeping {
  return { mark: () => readMark(folder), books: (since) => readBooks(folder, since) };
}

async function startServer(name: (typeof NAMES)[number], folder: string) {
  const program = fileURLToPath(new URL(`../../src/servers/${name}/main.ts`, import.meta.url));
  const args = ['--import', 'tsx', program, '--http', '--data', folder, '--faults', join(folder, 'faults.json')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  ended.catch(() => {});
  return { name, child, url: await Promise.race([listeningAt(child), ended]) };
}

function listeningAt(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (!child.stderr) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      const url = /listening on (\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

const EffectRow = z.object({ seq: z.number(), key: z.string() });
const MoneyRow = z.object({ kind: z.enum(['charge', 'refund']), run: z.string(), amountMinor: z.number() });
const StockRow = z.object({ quantity: z.number() });

function withFile<T>(file: SqliteFile, read: (file: SqliteFile) => T): T {
  try {
    return read(file);
  } finally {
    file.close();
  }
}

const openDatabase = (folder: string) => new SqliteFile(join(folder, 'database.db'), DATABASE_SCHEMA);
const openCommerce = (folder: string) => openCommerceFile(join(folder, 'commerce.db'));

const LastSeq = z.object({ seq: z.number() });

function lastSeq(file: SqliteFile, table: 'effects' | 'ledger'): number {
  return file.one(LastSeq, `SELECT COALESCE(MAX(rowid), 0) AS seq FROM ${table}`)?.seq ?? 0;
}

function readMark(folder: string): Mark {
  return {
    ...withFile(openCommerce(folder), (file) => ({
      commerce: lastSeq(file, 'effects'),
      money: lastSeq(file, 'ledger'),
    })),
    database: withFile(openDatabase(folder), (file) => lastSeq(file, 'effects')),
  };
}

function effects(file: SqliteFile, books: string, since: number): readonly LedgerRow[] {
  // A tombstone bars an effect that never happened: no row of a ledger.
  const sql = 'SELECT rowid AS seq, key FROM effects WHERE answer IS NOT NULL AND rowid > ?';
  return file.all(EffectRow, sql, since).map((row) => ({ ...row, books }));
}

function readBooks(folder: string, since: Mark): Books {
  const sql = 'SELECT kind, order_id AS run, amount_minor AS amountMinor FROM ledger WHERE seq > ?';
  const commerce = withFile(openCommerce(folder), (file) => ({
    ledger: effects(file, 'commerce', since.commerce),
    movements: file.all(MoneyRow, sql, since.money),
  }));
  const database = withFile(openDatabase(folder), (file) => ({
    ledger: effects(file, 'database', since.database),
    stock: file.one(StockRow, 'SELECT quantity FROM inventory WHERE id = ?', SKU)?.quantity ?? 0,
  }));
  return {
    ledger: [...commerce.ledger, ...database.ledger],
    movements: commerce.movements,
    stock: database.stock,
  };
}

const ChargeRow = z.object({ key: z.string(), args: z.string() });
const ChargeArgs = z.looseObject({ amountMinor: z.int() });

async function replay(tools: ToolCaller, folder: string, limit: number): Promise<readonly Replay[]> {
  const sql = `SELECT key, arguments AS args FROM effects
    WHERE tool = 'charge_payment' AND answer IS NOT NULL AND undo_answer IS NULL ORDER BY rowid LIMIT ?`;
  const rows = withFile(openCommerce(folder), (file) => file.all(ChargeRow, sql, limit));
  const send = async (key: string, args: object): Promise<boolean> => {
    try {
      const options = { timeoutMs: 10_000, safeToRepeat: false };
      await tools.call('commerce.charge_payment', { ...args, idempotencyKey: key }, options);
      return false;
    } catch (thrown) {
      const error = toSwitchyardError(thrown);
      if (error.code !== 'TOOL_FAILED') throw error;
      return true;
    }
  };
  const replays: Replay[] = [];
  for (const { key, args } of rows) {
    const charged = ChargeArgs.parse(JSON.parse(args));
    const other = { ...charged, amountMinor: charged.amountMinor + 1 };
    replays.push({ key, arguments: 'same', refused: await send(key, charged) });
    replays.push({ key, arguments: 'other', refused: await send(key, other) });
  }
  return replays;
}
