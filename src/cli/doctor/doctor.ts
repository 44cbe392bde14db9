/**
 * What is wrong with this project's Switchyard, as far as one command can see: each finding with its remedy. Reads only. A
 * check that cannot be made is a finding, and does not keep the others from being made.
 */
import { createToolPool } from '../../adapters/mcp/tool-pool.js';
import { openRedis } from '../../adapters/redis.js';
import { connectOrFail } from '../../adapters/redis-connect.js';
import { describeRedisUrl } from '../../adapters/redis-url.js';
import { DEFAULT_PREFIX } from '../../config.js';
import { createRegistry } from '../../engine/registry.js';
import { SwitchyardError, toSwitchyardError } from '../../errors.js';
import { RELEASE } from '../../release.js';
import { commandLog } from '../command-log.js';
import { redisFor } from '../open-switchyard.js';
import { loadProject, type Project } from '../project.js';
import { type Settings, wholeNumber } from '../settings.js';
import type { Terminal } from '../terminal.js';
import { toolServers } from '../tool-servers.js';
import { type Area, type Finding, finding, findingLines, ok, worstFirst } from './finding.js';
import { redisFindings } from './redis-section.js';
import { runFindings } from './runs-section.js';
import { scheduleFindings } from './schedules-section.js';
import { serverFindings } from './servers-section.js';
import { workerFindings } from './workers-section.js';

export interface DoctorOptions {
  /** How many of the newest runs the promises are checked over. */
  readonly runs?: string | undefined;
  /** Start no MCP server. */
  readonly offline?: boolean | undefined;
}

const DEFAULT_RUNS = '100';
const MOST_RUNS = 1_000;
const FOUND_ERRORS = 1;

/** Exit 0 when nothing of severity error was found, 1 when something was, 3 when there is no Redis. */
export async function doctor(settings: Settings, options: DoctorOptions, { out, err }: Terminal): Promise<number> {
  const checkedRuns = wholeNumber('--runs', options.runs ?? DEFAULT_RUNS, { min: 0, max: MOST_RUNS });
  const log = commandLog(err, 'silent');
  const project = await loadProject(settings.config);
  const registry = createRegistry(project.workflows);
  const { url } = await redisFor(settings, project, { mode: settings.dev ? 'start' : 'attach', log });
  const client = openRedis(url, 'producer', { log, name: 'switchyard-doctor' });
  try {
    await connectOrFail(client, url);
    const prefix = project.prefix ?? DEFAULT_PREFIX;
    const asked = { client, prefix, project, registry };
    const findings = [
      projectFinding(project, url),
      ...(await looked('redis', redisFindings(asked))),
      ...(await looked('workers', workerFindings(asked))),
      ...(options.offline ? [] : await looked('servers', servers(settings, project))),
      ...(await looked('runs', scheduleFindings(asked))),
      ...(await looked('runs', runFindings(asked, { checkedRuns }))),
    ];
    const shown = settings.json
      ? `${JSON.stringify({ release: RELEASE, findings: worstFirst(findings) }, null, 2)}\n`
      : `${findingLines(findings, out).join('\n')}\n`;
    out.write(shown);
    return findings.some(({ severity }) => severity === 'error') ? FOUND_ERRORS : 0;
  } finally {
    client.disconnect();
  }
}

/** An outage in between ends the command, as one at its beginning does. */
async function looked(area: Area, section: Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await section;
  } catch (thrown) {
    const error = toSwitchyardError(thrown);
    if (error.code === 'REDIS_UNAVAILABLE') throw error;
    const remedy =
      thrown instanceof SwitchyardError
        ? 'Mend that, then look again.'
        : 'The user of Redis may lack a right: docs/security.md lists those that are needed.';
    return [finding('error', area, `Cannot be looked at: ${error.message}`, remedy)];
  }
}

function projectFinding({ file, workflows }: Project, url: string): Finding {
  const names = [...new Set(workflows.map(({ name }) => name))].join(', ');
  return ok(
    'redis',
    `${describeRedisUrl(url)} answers; ${file ?? 'no configuration: the shipped workflows'} (${names})`,
  );
}

async function servers(settings: Settings, project: Project): Promise<readonly Finding[]> {
  const config = await toolServers(settings, project);
  const pool = createToolPool({ config, dataDir: settings.dataDir });
  try {
    return serverFindings(project.workflows, config, await pool.check());
  } finally {
    await pool.close();
  }
}
