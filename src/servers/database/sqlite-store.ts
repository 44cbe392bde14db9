/** The database over one SQLite file. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { shortDigest } from '../../canonical-json.js';
import { EffectJournal } from '../idempotency.js';
import { SqliteFile } from '../sqlite.js';
import { ToolFailure } from '../tool-failure.js';
import { type Condition, pagedScan } from './paged-scan.js';
import { readQuery, type TableQuery } from './query-terms.js';
import { invalid, requireColumns, requireNewRow, tableNamed } from './row-values.js';
import { columnList, DATABASE_SCHEMA, insertRow, quoted, searchText } from './sqlite-tables.js';
import { adjustStock } from './stock.js';
import { type DatabaseStore, DeleteAnswer, InsertAnswer, type Keyed, Row, UpdateAnswer } from './store.js';
import { idColumns, type Table } from './tables.js';

/** Milliseconds for one query: well within the 30 s that callers give a tool, and longer than any honest query takes. */
const QUERY_TIMEOUT_MS = 5_000;

export function openSqliteStore(
  path: string,
  { queryTimeoutMs = QUERY_TIMEOUT_MS }: { readonly queryTimeoutMs?: number } = {},
): DatabaseStore {
  const file = new SqliteFile(path, DATABASE_SCHEMA);
  const journal = new EffectJournal(file);

  /** One transaction; under a key, once. */
  function effect<A extends object>(
    tool: string,
    args: object,
    { idempotencyKey: key }: Keyed,
    shape: z.ZodType<A>,
    happen: () => A,
  ) {
    return file.transaction(() => (key === undefined ? happen() : journal.once({ key, tool, args }, shape, happen)));
  }

  return {
    async query(tableName, query, limit) {
      const table = tableNamed(tableName);
      const asked = condition(table, readQuery(table, query));
      const { rows, total } = await pagedScan(file, table, asked, { limit, timeoutMs: queryTimeoutMs });
      return { table: table.name, rows, total, truncated: total > rows.length };
    },

    async insert(tableName, data, keyed) {
      const table = tableNamed(tableName);
      requireNewRow(table, data);
      return effect('insert', { table: table.name, data }, keyed, InsertAnswer, () => {
        const id = String(data.id ?? newId(table, keyed.idempotencyKey));
        if (rowsWhere(file, table, { id }).length > 0) {
          throw new ToolFailure('DUPLICATE_ID', `${table.name} already has a row "${id}"; nothing was changed.`);
        }
        insertRow(file, table, { ...data, id });
        return { id, row: rowsWhere(file, table, { id })[0] ?? {} };
      });
    },

    async update(tableName, where, data, keyed) {
      const table = tableNamed(tableName);
      requireColumns(table, where);
      requireColumns(table, data);
      if ('id' in data) throw invalid(`the id of a row of ${table.name} cannot be changed`);
      const assignments = Object.keys(data).map((column) => `${quoted(column)} = ?`);
      const sql = `UPDATE ${quoted(table.name)} SET ${assignments.join(', ')}, search_text = ? WHERE id = ?`;
      return effect('update', { table: table.name, where, data }, keyed, UpdateAnswer, () => {
        const found = rowsWhere(file, table, where);
        for (const row of found) {
          file.run(sql, ...Object.values(data), searchText(table, { ...row, ...data }), row.id ?? null);
        }
        return { updated: found.length };
      });
    },

    async delete(tableName, id, { idempotencyKey, undoOf }) {
      const table = tableNamed(tableName);
      const args = { table: table.name, ...(id !== undefined && { id }) };
      const remove = (rowId: string) => ({
        deleted: file.run(`DELETE FROM ${quoted(table.name)} WHERE id = ?`, rowId),
      });
      if (undoOf === undefined) {
        if (id === undefined) throw invalid('delete needs an id, or undoOf');
        return effect('delete', args, { idempotencyKey }, DeleteAnswer, () => remove(id));
      }
      const undo = { key: idempotencyKey, tool: 'delete', args, of: undoOf, undoes: 'insert' };
      return file.transaction(() =>
        journal.undo(undo, DeleteAnswer, {
          check(inserted) {
            const done = z.object({ table: z.string() }).parse(inserted.args);
            const { id: rowId } = InsertAnswer.parse(inserted.answer);
            if (done.table === table.name && (id === undefined || id === rowId)) return;
            const message = `"${undoOf}" inserted "${rowId}" into ${done.table}, not ${id ?? 'a row'} into ${table.name}; nothing was deleted.`;
            throw new ToolFailure('UNDO_MISMATCH', message);
          },
          reverse: (inserted) => remove(InsertAnswer.parse(inserted.answer).id),
          never: () => ({ deleted: 0 }),
        }),
      );
    },

    async adjust(tableName, column, changes, undoing) {
      return adjustStock(file, journal, tableNamed(tableName), column, changes, undoing);
    },

    async effects(query) {
      return journal.list(query);
    },

    close: () => file.close(),
  };
}

function rowsWhere(file: SqliteFile, table: Table, where: Row): Row[] {
  const conditions = Object.keys(where).map((column) => `${quoted(column)} IS ?`);
  const sql = `SELECT ${columnList(table)} FROM ${quoted(table.name)} WHERE ${conditions.join(' AND ')} ORDER BY rowid`;
  return file.all(Row, sql, ...Object.values(where));
}

/** Derived from the key, so that whoever chose the key knows which row it is; without one, random. */
function newId(table: Table, key: string | undefined): string {
  return `${table.idPrefix}-${key === undefined ? randomUUID().replaceAll('-', '').slice(0, 20) : shortDigest(key)}`;
}

/** A list goes in as one JSON text, so that the statement's text does not depend on what is asked. */
function condition(table: Table, query: TableQuery): Condition {
  switch (query.kind) {
    case 'all':
      return { where: 'TRUE', values: [], words: 0 };
    case 'ids': {
      const columns = idColumns(table).map(
        ({ column }) => `lower(${quoted(column)}) IN (SELECT value FROM json_each(?))`,
      );
      return { where: columns.join(' OR '), values: columns.map(() => JSON.stringify(query.ids)), words: 0 };
    }
    case 'terms':
      return {
        // instr and not LIKE: it has no wildcards that a term could smuggle in.
        where: 'lower(id) = ? OR EXISTS (SELECT 1 FROM json_each(?) AS term WHERE instr(search_text, term.value) > 0)',
        values: [query.whole, JSON.stringify(query.terms)],
        words: query.terms.length,
      };
  }
}
