/** What a free-text query asks of a table. */
import { idColumns, type Table } from './tables.js';

export type TableQuery =
  | { readonly kind: 'all' }
  /** Rows whose id, or whose reference to a row, is one of these; lower case. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  /** Rows in which any text contains any of the terms, or whose id is the whole query. Lower case. */
  | { readonly kind: 'terms'; readonly terms: readonly string[]; readonly whole: string };

/**
 * - An empty query asks for all rows.
 * - One that names ids of the table (`cust-1001`) asks for exactly these rows, whatever else it says: "cust-1001" split
 *   into words would match every customer.
 * - Any other asks for its terms: runs of letters and digits longer than 3. That length alone drops every stop word
 *   (the a an and or but in on at to for). A query without any term finds nothing, unless it is the id of a row.
 */
export function readQuery(table: Table, query: string): TableQuery {
  const text = query.normalize('NFC').trim().toLowerCase();
  if (text === '') return { kind: 'all' };
  const prefixes = idColumns(table).map(({ prefix }) => prefix);
  const ids = text.split(/[^\p{L}\p{N}_-]+/u).filter((word) => prefixes.some((prefix) => isId(word, prefix)));
  if (ids.length > 0) return { kind: 'ids', ids: [...new Set(ids)] };
  const terms = text.split(/[^\p{L}\p{M}\p{N}]+/u).filter((term) => term.length > 3);
  return { kind: 'terms', terms: [...new Set(terms)], whole: text };
}

/** A prefix is also a common word: "user-friendly" is no id, so an id must have a digit. */
function isId(word: string, prefix: string): boolean {
  return word.startsWith(`${prefix}-`) && /^[a-z0-9]+$/.test(word.slice(prefix.length + 1)) && /\d/.test(word);
}
