/** What can be watched: one run, and the list of all. One poller each, shared by all who watch in this process. */

import { canonicalJson, shortDigest } from '../../canonical-json.js';
import type { Switchyard } from '../../engine/engine.js';
import { isFinalStatus } from '../../facts.js';
import { type RunProgress, stateId } from '../../orchestrators/run-events.js';
import type { ListedRun, Logger, RunCounts } from '../../ports.js';
import { createSharedPolls, type SharedPolls } from './polls.js';

/** How all runs stand, for a page that lists them. */
export interface Overview {
  readonly counts: Readonly<Record<string, RunCounts>>;
  /** The newest. */
  readonly runs: readonly ListedRun[];
}

export interface LiveRuns {
  readonly runs: SharedPolls<RunProgress>;
  readonly overview: SharedPolls<Overview>;
}

/** Twice a second a change looks immediate; a run of many stages costs more to look at, and its numbers can wait. */
const RUN_MS = 500;
const WIDE_RUN_MS = 1_000;
const OVERVIEW_MS = 1_000;
const NEWEST = 50;

export function createLiveRuns(sy: Switchyard, log: Logger): LiveRuns {
  return {
    runs: createSharedPolls({
      read: (id) => sy.run(id).progress(),
      idOf: stateId,
      everyMs: ({ page }) => (page.total > page.entries.length ? WIDE_RUN_MS : RUN_MS),
      isLast: ({ status }) => isFinalStatus(status),
      log,
    }),
    overview: createSharedPolls({
      async read() {
        const [counts, { runs }] = await Promise.all([sy.counts(), sy.list({ limit: NEWEST })]);
        return { counts, runs };
      },
      idOf: overviewId,
      everyMs: () => OVERVIEW_MS,
      isLast: () => false,
      log,
    }),
  };
}

export function overviewId(overview: Overview): string {
  return shortDigest(canonicalJson(overview));
}
