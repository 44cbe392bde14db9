import { commandLog } from '../command-log.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { runLines } from '../render/run.js';
import type { Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';

/** One run, whole. Exit 0 when there is one, however it ended: the question was answered. */
export async function show(settings: Settings, id: string, { out, err }: Terminal): Promise<number> {
  const project = await loadProject(settings.config);
  const run = await withSwitchyard(settings, project, commandLog(err, 'silent'), (sy) => sy.run(id).describe());
  if (settings.json) out.write(`${JSON.stringify(run, null, 2)}\n`);
  else out.write(`${runLines(run, { colors: out.colors, columns: out.columns, now: Date.now() }).join('\n')}\n`);
  return 0;
}
