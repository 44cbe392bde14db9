/** Runs of the index, newest first, page by page. */

import { LIST_PAGE } from '../../config.js';
import type { ListedRun, ListOptions, RunIndex } from '../../ports.js';

export async function recentRuns(
  index: RunIndex,
  most: number,
  options: Pick<ListOptions, 'status'> = {},
): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = [];
  let cursor: string | undefined;
  while (runs.length < most) {
    const limit = Math.min(LIST_PAGE.max, most - runs.length);
    const page = await index.list({ ...options, limit, ...(cursor !== undefined && { cursor }) });
    runs.push(...page.runs);
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return runs;
}
