/** Every run that fits, page by page, newest first, while runs are changed or dropped under the reader's hand. */
import { LIST_PAGE } from '../config.js';
import type { ListedRun, ListOptions, RunIndex } from '../ports.js';

export async function* listAll(
  index: RunIndex,
  filter: Omit<ListOptions, 'cursor' | 'limit'>,
): AsyncGenerator<ListedRun> {
  let cursor: string | undefined;
  // Where the last run of a page is gone, the next begins anew among those of its millisecond: each run is given once.
  const given = new Set<string>();
  do {
    const page = await index.list({ ...filter, limit: LIST_PAGE.max, ...(cursor !== undefined && { cursor }) });
    for (const run of page.runs) {
      if (given.has(run.id)) continue;
      given.add(run.id);
      yield run;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}
