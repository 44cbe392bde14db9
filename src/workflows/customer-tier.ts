/** Which tier a query's customer has. */
import { indexOfWords } from './words.js';

interface Row {
  readonly id?: unknown;
  readonly tier?: unknown;
}

const DEFAULT_TIER = 'standard';

/**
 * The tier of the one customer who is meant: the row whose `id` is the given one, else the one whose `id` the query names
 * first. A row that merely shares a word with the query is somebody else: its tier says nothing about who is asking, and
 * could escalate, or not, in another's name.
 */
export function tierOf(rows: readonly Row[], query: string, customerId: string | undefined): string {
  const row =
    customerId === undefined ? firstNamed(rows, query.toLowerCase()) : rows.find((row) => isId(row, customerId));
  const tier = row?.tier;
  return typeof tier === 'string' && tier !== '' ? tier.toLowerCase() : DEFAULT_TIER;
}

function isId({ id }: Row, customerId: string): boolean {
  return String(id).toLowerCase() === customerId.toLowerCase();
}

function firstNamed(rows: readonly Row[], text: string): Row | undefined {
  const places = rows.map((row) => ({
    row,
    at: row.id === undefined ? -1 : indexOfWords(text, String(row.id).toLowerCase()),
  }));
  return places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0]?.row;
}
