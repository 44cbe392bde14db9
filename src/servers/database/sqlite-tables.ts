/** The tables of `tables.ts` as SQLite has them, and their sample rows. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { EFFECT_TABLES, EFFECT_TABLES_SINCE_1 } from '../idempotency.js';
import type { SqliteFile, SqliteSchema } from '../sqlite.js';
import { requireNewRow } from './row-values.js';
import { Row } from './store.js';
import { TABLES, type Table, textColumns } from './tables.js';

/** Quotes a name that comes from `tables.ts`. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** The list of a table's columns, as a caller sees them. */
export function columnList(table: Table): string {
  return ['id', ...table.columns.keys()].map(quoted).join(', ');
}

export function insertRow(file: SqliteFile, table: Table, row: Row): void {
  const columns = ['id', ...table.columns.keys()];
  file.run(
    `INSERT INTO ${quoted(table.name)} (${columns.map(quoted).join(', ')}, search_text)
     VALUES (${columns.map(() => '?').join(', ')}, ?)`,
    ...columns.map((column) => row[column] ?? null),
    searchText(table, row),
  );
}

/** All texts of a row in lower case, one a line: SQLite itself folds only ASCII letters. */
export function searchText(table: Table, row: Row): string {
  return textColumns(table)
    .map((column) => row[column] ?? '')
    .join('\n')
    .normalize('NFC')
    .toLowerCase();
}

function createTable(table: Table): string {
  const columns = [...table.columns].map(([name, { type, required, stock }]) => {
    const check = stock ? ` CHECK (${quoted(name)} >= 0)` : '';
    return `${quoted(name)} ${type.toUpperCase()}${required ? ' NOT NULL' : ''}${check}`;
  });
  const lines = ['id TEXT PRIMARY KEY', ...columns, 'search_text TEXT NOT NULL'];
  return `CREATE TABLE ${quoted(table.name)} (${lines.join(', ')}) STRICT;`;
}

const SeedRow = Row.and(z.object({ id: z.string() }));

function seed(file: SqliteFile): void {
  for (const table of TABLES.values()) {
    const text = readFileSync(new URL(`./seed-data/${table.name}.json`, import.meta.url), 'utf8');
    for (const row of z.array(SeedRow).parse(JSON.parse(text))) {
      requireNewRow(table, row);
      insertRow(file, table, row);
    }
  }
}

export const DATABASE_SCHEMA: SqliteSchema = {
  version: 2,
  upgrades: [EFFECT_TABLES_SINCE_1],
  tables: [EFFECT_TABLES, ...[...TABLES.values()].map(createTable)].join('\n'),
  seed,
};
