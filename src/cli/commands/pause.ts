import { userInfo } from 'node:os';
import { SwitchyardError } from '../../errors.js';
import type { Paused, PauseTarget } from '../../queues/pauses.js';
import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { agoText } from '../render/duration.js';
import { tableLines } from '../render/table.js';
import type { Settings } from '../settings.js';
import { type Colors, oneLine, type Terminal } from '../terminal.js';

export interface PauseOptions {
  readonly workflow?: string | undefined;
  readonly queue?: string | undefined;
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
}

export async function pause(settings: Settings, options: PauseOptions, { out, err }: Terminal): Promise<number> {
  const { reason, by = userInfo().username } = options;
  const target = targetOf(options);
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const changed = await sy.pause(target, { by, ...(reason !== undefined && { reason }) });
    if (settings.json) out.write(`${JSON.stringify({ ...target, paused: true, changed })}\n`);
    else if (!changed) out.write(`${nameOf(target)} is paused already.\n`);
    else {
      const what = 'workflow' in target ? 'Runs are accepted, and none begins' : 'No job of it is begun';
      out.write(`${nameOf(target)} is paused. ${what} until: switchyard un${commandOf(target)}\n`);
    }
    return 0;
  });
}

export async function unpause(settings: Settings, options: PauseOptions, { out, err }: Terminal): Promise<number> {
  const target = targetOf(options);
  const project = await loadProject(settings.config);
  return await withSwitchyard(settings, project, commandLog(err, 'silent'), async (sy) => {
    const changed = await sy.resume(target);
    if (settings.json) out.write(`${JSON.stringify({ ...target, paused: false, changed })}\n`);
    else out.write(`${nameOf(target)} ${changed ? 'goes on' : 'was not paused'}.\n`);
    return 0;
  });
}

/** Exit 0 whatever is paused: the question was answered. */
export async function paused(settings: Settings, { out, err }: Terminal): Promise<number> {
  const project = await loadProject(settings.config);
  const all = await withSwitchyard(settings, project, commandLog(err, 'silent'), (sy) => sy.paused());
  if (settings.json) out.write(`${JSON.stringify(all, null, 2)}\n`);
  else out.write(`${pausedLines(all, out.colors).join('\n')}\n`);
  return 0;
}

function pausedLines({ workflows, queues }: Paused, colors: Colors): readonly string[] {
  if (workflows.length + queues.length === 0) return ['Nothing is paused.'];
  const now = Date.now();
  const rows = [
    ...workflows.map(({ workflow, held, ...pause }) => ({ what: `workflow ${workflow}`, waiting: held, ...pause })),
    ...queues.map(({ queue, waiting, ...pause }) => ({ what: `queue ${queue}`, waiting, ...pause })),
  ].map(({ what, waiting, at, by, reason }) => [
    what,
    at === undefined ? '' : agoText(at, now),
    String(waiting),
    oneLine(by ?? ''),
    oneLine(reason ?? ''),
  ]);
  const header = ['PAUSED', 'SINCE', 'JOBS WAITING', 'BY', 'WHY'].map((title) => colors.dim(title));
  return tableLines([header, ...rows]);
}

function targetOf({ workflow, queue }: PauseOptions): PauseTarget {
  if (workflow !== undefined && queue === undefined) return { workflow };
  if (queue !== undefined && workflow === undefined) return { queue };
  throw new SwitchyardError('INVALID_INPUT', 'Say which: --workflow <name>, or --queue <name>.');
}

function nameOf(target: PauseTarget): string {
  return 'workflow' in target ? `Workflow ${target.workflow}` : `Queue ${target.queue}`;
}

function commandOf(target: PauseTarget): string {
  return 'workflow' in target ? `pause --workflow ${target.workflow}` : `pause --queue ${target.queue}`;
}
