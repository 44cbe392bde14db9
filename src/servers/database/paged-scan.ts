/**
 * Reads a table page by page, so that no query holds the server for long: SQLite has no time limit for a statement, and a
 * statement that runs cannot be reached from the process that it blocks. Between two pages other calls are answered, and a
 * scan that has had its time ends.
 *
 * A row that is changed meanwhile may be read before or after the change.
 */
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { SqliteFile, SqlValue } from '../sqlite.js';
import { ToolFailure } from '../tool-failure.js';
import { columnList, quoted } from './sqlite-tables.js';
import { Row } from './store.js';
import type { Table } from './tables.js';

export interface Condition {
  readonly where: string;
  readonly values: readonly SqlValue[];
  /** Words that are looked for in each row's texts. */
  readonly words: number;
}

export interface Scanned {
  readonly rows: Row[];
  readonly total: number;
}

/** Most rows in one statement, and most characters times words, beyond the first row: about a tenth of a second. */
const PAGE = 500;
const PAGE_WORK = 4_000_000;

const Total = z.object({ total: z.number() });
const Size = z.object({ rowid: z.number(), size: z.number() });

/** @throws ToolFailure QUERY_TIMEOUT when it has taken longer than `timeoutMs` */
export async function pagedScan(
  file: SqliteFile,
  table: Table,
  { where, values, words }: Condition,
  { limit, timeoutMs }: { readonly limit: number; readonly timeoutMs: number },
): Promise<Scanned> {
  const endsAt = performance.now() + timeoutMs;
  const name = quoted(table.name);
  const matching = `FROM ${name} WHERE rowid > ? AND rowid <= ? AND (${where})`;
  const rows: Row[] = [];
  let [total, from] = [0, 0];
  for (;;) {
    const to = endOfPage(file, name, from, words);
    if (to === undefined) return { rows, total };
    const page = [from, to, ...values];
    const found = file.one(Total, `SELECT COUNT(*) AS total ${matching}`, ...page)?.total ?? 0;
    if (found > 0 && rows.length < limit) {
      const select = `SELECT ${columnList(table)} ${matching} ORDER BY rowid LIMIT ?`;
      rows.push(...file.all(Row, select, ...page, limit - rows.length));
    }
    total += found;
    if (performance.now() > endsAt) {
      throw new ToolFailure(
        'QUERY_TIMEOUT',
        `The query took longer than ${timeoutMs} ms of ${table.name} and was ended: ask for an id, or for fewer words.`,
      );
    }
    from = to;
    await setImmediate();
  }
}

/** The last row of the page behind `from`; undefined when there is none. */
function endOfPage(file: SqliteFile, name: string, from: number, words: number): number | undefined {
  const sizes = `SELECT rowid, length(search_text) AS size FROM ${name} WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`;
  let [to, work]: [number | undefined, number] = [undefined, 0];
  for (const { rowid, size } of file.all(Size, sizes, from)) {
    work += size * words;
    if (to !== undefined && work > PAGE_WORK) break;
    to = rowid;
  }
  return to;
}
