import { createToolPool } from '../../adapters/mcp/tool-pool.js';
import type { FoundOrphan, OrphanReport } from '../../queues/find-orphans.js';
import { commandLog } from '../command-log.js';
import { type EffectServices, effectServices } from '../effect-services.js';
import { NEEDS_A_PERSON } from '../exit-code.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { tableLines } from '../render/table.js';
import type { Settings } from '../settings.js';
import { type Screen, type Terminal, wrap } from '../terminal.js';
import { toolServers } from '../tool-servers.js';

const INDENT = '    ';

/** Effects without a run. Exit 0 when there are none, 4 when there are: a person has to decide about each. */
export async function orphans(settings: Settings, { out, err }: Terminal): Promise<number> {
  const log = commandLog(err, 'silent');
  const project = await loadProject(settings.config);
  const config = await toolServers(settings, project);
  const tools = createToolPool({ config, logger: log, dataDir: settings.dataDir });
  try {
    return await withSwitchyard(
      settings,
      project,
      log,
      async (sy) => {
        const services = effectServices(project.workflows, config, await tools.check());
        const report = await sy.orphans({ from: services.from });
        if (settings.json) out.write(`${JSON.stringify({ ...report, unlisted: services.unlisted }, null, 2)}\n`);
        else {
          const lines = [...orphanLines(report.orphans, out), ...summaryLines(report, services)];
          out.write(`${lines.join('\n')}\n`);
        }
        return report.orphans.length > 0 ? NEEDS_A_PERSON : 0;
      },
      tools,
    );
  } finally {
    await tools.close();
  }
}

/** A row for each, and below it what to do. */
function orphanLines(found: readonly FoundOrphan[], { colors, columns, isTty }: Screen): readonly string[] {
  if (found.length === 0) return [];
  const header = ['KEY', 'TOOL', 'WHAT IS WRONG'].map((title) => colors.dim(title));
  const [head = '', ...rows] = tableLines([
    header,
    ...found.map(({ key, from, tool, kind }) => [key, toolText(from, tool), colors.red(kind.replace('-', ' '))]),
  ]);
  const told = found.map(({ reason, advice }) => {
    const texts = [`${reason}.`, `To do: ${advice}.`];
    return texts.flatMap((text) => (isTty ? wrap(text, columns - INDENT.length) : [text]));
  });
  return [
    head,
    ...rows.flatMap((row, at) => [row, ...(told[at] ?? []).map((line) => colors.dim(`${INDENT}${line}`))]),
    '',
  ];
}

/** The tool as workflows name it, where the service is a server of that name. */
function toolText(from: string, tool: string): string {
  return `${from.slice(0, from.lastIndexOf('.'))}.${tool}`;
}

function summaryLines(
  { orphans: found, effects, notJudged }: OrphanReport,
  { unlisted }: EffectServices,
): readonly string[] {
  const looked = Object.entries(effects).map(([from, count]) => `${count} of ${from}`);
  const lines = [
    `${found.length === 0 ? 'No' : found.length} effects without a run, of those looked through: ${looked.join(', ')}.`,
  ];
  if (notJudged > 0) lines.push(`${notJudged} more have no run and are older than the runs that are kept: not judged.`);
  if (unlisted.length > 0) lines.push(`Not looked through, since nothing lists their effects: ${unlisted.join(', ')}.`);
  return lines;
}
