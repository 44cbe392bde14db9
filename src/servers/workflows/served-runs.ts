/**
 * The runs that agents may know of. A workflow that is kept from them is kept with its runs: whoever may look at a run, cancel
 * it or have it begun anew needs no tool to start it.
 */
import type { Switchyard } from '../../engine/engine.js';
import { parseRunId } from '../../names.js';
import type { ListOptions, RunPage } from '../../ports.js';
import type { Run, RunState } from '../../queues/run-handle.js';
import { unknownRun } from '../../queues/said.js';

export interface ServedRuns {
  /** @throws SwitchyardError UNKNOWN_RUN for one of a workflow that is kept from agents */
  run(id: string): Run;
  /** A page may be short, or empty, and have others behind it. */
  list(options: ListOptions & { readonly limit: number }): Promise<RunPage>;
  /** The document without ids of runs that are none here. */
  shown(state: RunState): RunState;
}

/** Of one call: where agents are kept from most runs, filling a page would read them all. */
const MOST_PAGES = 10;

export function servedRuns(sy: Switchyard, kept: ReadonlySet<string>): ServedRuns {
  const isKept = (id: string): boolean => {
    const workflow = parseRunId(id)?.workflow;
    return workflow !== undefined && kept.has(workflow);
  };
  return {
    run(id) {
      if (isKept(id)) throw unknownRun(id);
      return sy.run(id);
    },
    async list({ limit, cursor: from, ...filter }) {
      if (filter.workflow !== undefined && kept.has(filter.workflow)) return { runs: [] };
      const runs: RunPage['runs'][number][] = [];
      let cursor = from;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const next = await sy.list({ ...filter, limit: limit - runs.length, ...(cursor !== undefined && { cursor }) });
        runs.push(...next.runs.filter(({ workflow }) => !kept.has(workflow)));
        cursor = next.cursor;
        if (cursor === undefined || runs.length === limit) break;
      }
      return { runs, ...(cursor !== undefined && { cursor }) };
    },
    shown(state) {
      const { parent, timeline, ...rest } = state;
      return {
        ...rest,
        ...(parent && !isKept(parent.run) && { parent }),
        timeline: timeline.map(({ run, ...entry }) => (run === undefined || isKept(run) ? entry : { ...entry, run })),
      } as RunState;
    },
  };
}
