/**
 * `switchyard-mq/bull-board`: our queues for the Bull Board that a team has. An entry point of its own, so that an
 * application without one does not load it.
 */
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { boardQueue } from './api/board-queue.js';
import type { Switchyard } from './engine/engine.js';
import { offeredBy } from './engine/offered.js';
import { SwitchyardError } from './errors.js';

export interface BoardAdaptersOptions {
  /** Put before our queues' names, so that they differ from yours. Default `switchyard.`. */
  readonly prefix?: string;
  /**
   * Where the pages of Switchyard are, such as `https://switchyard.example.com`: each of our jobs gets a link to its run.
   * Default: no link.
   */
  readonly pages?: string;
}

/**
 * Adapters for `createBullBoard({ queues: [...yours, ...switchyardBullBoardAdapters(sy)] })`: read-only, payloads redacted,
 * and roots that tell how their run ended. They end with `sy.close()`.
 * @throws SwitchyardError INVALID_CONFIG for what is no Switchyard of this package, and for `pages` that is no http(s) address
 */
export function switchyardBullBoardAdapters(
  sy: Switchyard,
  { prefix = 'switchyard.', pages }: BoardAdaptersOptions = {},
): BullMQAdapter[] {
  const { pool, queues } = offeredBy(sy);
  const runPage = pages === undefined ? undefined : pageUnder(pages);
  return queues.map((name) => boardQueue(pool, name, { prefix, ...(runPage && { runPage }) }));
}

function pageUnder(pages: string): (run: string) => string {
  const base = URL.canParse(pages) ? new URL(pages) : undefined;
  if (base?.protocol !== 'https:' && base?.protocol !== 'http:') {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `pages is ${JSON.stringify(pages)}: give the address of the pages, such as "https://switchyard.example.com"`,
    );
  }
  const root = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  return (run) => `${root}/runs/${encodeURIComponent(run)}`;
}
