/** What a person says of a run: one command each, all of the same form. */
import type { Run, RunState } from '../../queues/run-handle.js';
import { commandLog } from '../command-log.js';
import { exitCodeOf, isUnsettled } from '../exit-code.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { runLines } from '../render/run.js';
import { durationMs, type Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';

/** Says it, and returns the run that goes on: another one, where a retry begins anew. */
export type Say = (run: Run) => Promise<Run | undefined>;

/** How long a command looks on, to tell what has become of the run. */
const LOOK_MS = 2_000;

export interface OperateOptions {
  readonly id: string;
  readonly say: Say;
  /** Waits for the run's end, or at most this long. */
  readonly wait?: string | boolean | undefined;
}

/** One that undoes itself has a worker. */
function isStillToStop({ stop, status }: RunState): boolean {
  return stop?.cause === 'cancelled' && (status === 'queued' || status === 'running');
}

/** Exit 0 when it was said; with `wait`, as the run ended. */
export async function operate(settings: Settings, options: OperateOptions, { out, err }: Terminal): Promise<number> {
  const { id, say, wait } = options;
  const limit = typeof wait === 'string' ? durationMs('--wait', wait) : undefined;
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const run = sy.run(id);
    const next = (await say(run)) ?? run;
    // Before it is looked at: should Redis not answer then, who asked knows what has been begun.
    if (next.id !== id) {
      const how = next.duplicate ? 'was begun anew before, as' : 'begins anew as';
      (settings.json ? err : out).write(`It ${how} ${next.id}\n`);
    }
    const looked = await next.wait(Math.min(limit ?? LOOK_MS, LOOK_MS));
    if (isStillToStop(looked)) {
      err.write('No worker has carried this out yet. Is one running? Start one: switchyard worker\n');
    }
    const left = limit === undefined ? undefined : limit - LOOK_MS;
    const isOver = wait === undefined || !isUnsettled(looked.status) || (left !== undefined && left <= 0);
    const state = isOver ? looked : await next.wait(left);
    if (settings.json) out.write(`${JSON.stringify(state, null, 2)}\n`);
    else out.write(`${runLines(state, { colors: out.colors, columns: out.columns, now: Date.now() }).join('\n')}\n`);
    return wait === undefined ? 0 : exitCodeOf(state.status);
  });
}
