/**
 * Runs read from the newest on, page by page. Of very many runs a page with a text or a tag comes back short, or empty, and has
 * others behind it: reading goes on until enough were found, or there are no more. Pure, but for `ask`.
 */
import type { ListedRun, RunPage } from '../connection/shapes.js';

/** Without a hole from the newest to the last that was looked at. */
export interface FoundRuns {
  readonly runs: readonly ListedRun[];
  /** Where reading goes on; undefined at the end. */
  readonly cursor: string | undefined;
}

/** One page of what is asked for. */
export type AskPage = (asked: { readonly cursor?: string; readonly limit: number }) => Promise<RunPage>;

/** Runs on a page of the list. */
export const SHOWN = 50;
/** Longest page that the API gives. */
const LONGEST = 200;

/** Reads on behind `found`, until there are so many or no more; each step is what is there by then. */
export async function* readOn(ask: AskPage, wanted: number, found?: FoundRuns): AsyncGenerator<FoundRuns> {
  let [runs, cursor] = [found?.runs ?? [], found?.cursor];
  do {
    const limit = Math.min(LONGEST, Math.max(1, wanted - runs.length));
    const page = await ask({ limit, ...(cursor !== undefined && { cursor }) });
    runs = [...runs, ...page.runs];
    cursor = page.cursor;
    yield { runs, cursor };
  } while (cursor !== undefined && runs.length < wanted);
}

/**
 * What was found before, renewed as far as it was read again. A run that fits no more is gone from the part that was read; behind
 * it all is as it was. Undefined where the part that was read ends above what was there when it was looked at before: what lies
 * between the two was never read.
 */
export function renewed(before: FoundRuns, again: FoundRuns, lookedAt: number): FoundRuns | undefined {
  if (again.cursor === undefined) return again;
  const [to, last] = placeOf(again.cursor);
  if (to > lookedAt) return undefined;
  // What was read reaches further than what was known.
  if (before.cursor !== undefined && placeOf(before.cursor)[0] > to) return again;
  const read = new Set([...again.runs.map(({ id }) => id), last]);
  const behind = before.runs.filter(({ id, createdAt }) => createdAt <= to && !read.has(id));
  return { runs: [...again.runs, ...behind], cursor: before.cursor };
}

/** The last run that was looked at, when it was accepted and its id: page and server are one release. */
function placeOf(cursor: string): readonly [at: number, id: string] {
  const [, at = '0', id = ''] = /^(\d+)_(.*)$/s.exec(cursor) ?? [];
  return [Number(at), id];
}
