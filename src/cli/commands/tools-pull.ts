import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { createToolPool, type DescribedServer } from '../../adapters/mcp/tool-pool.js';
import { SwitchyardError } from '../../errors.js';
import { commandLog } from '../command-log.js';
import { loadProject } from '../project.js';
import type { Settings } from '../settings.js';
import type { Terminal } from '../terminal.js';
import { toolServers } from '../tool-servers.js';
import { digestIn, type ServerTools, toolsSource } from '../tools-pull/tools-source.js';

export interface ToolsPullOptions {
  readonly out?: string | undefined;
  readonly check?: boolean | undefined;
  readonly server?: readonly string[] | undefined;
  readonly from?: string | undefined;
}

const DEFAULT_OUT = 'src/tools.ts';
const STALE = 1;

/** Writes the tools of the configured servers as typed tasks. With `check` exit 1 when the file is not up to date. */
export async function toolsPull(
  settings: Settings,
  options: ToolsPullOptions,
  { out, err }: Terminal,
): Promise<number> {
  const log = commandLog(err, 'silent');
  const project = await loadProject(settings.config);
  const config = await toolServers(settings, project);
  const wanted = options.server ?? [...config.servers.keys()];
  const unknown = wanted.filter((name) => !config.servers.has(name));
  if (unknown.length > 0) {
    throw new SwitchyardError(
      'UNKNOWN_SERVER',
      `--server names ${unknown.map((name) => `"${name}"`).join(', ')}, which ${config.source} does not have; configured: ${[...config.servers.keys()].join(', ') || 'none'}`,
    );
  }
  const servers = new Map([...config.servers].filter(([name]) => wanted.includes(name)));
  const pool = createToolPool({ config: { ...config, servers }, logger: log, dataDir: settings.dataDir });
  const described = await pool.describe().finally(() => pool.close());
  const source = toolsSource(described.map(toolsOf), options.from ?? 'switchyard-mq');
  const file = resolve(options.out ?? DEFAULT_OUT);
  const found = await readFile(file, 'utf8').catch(() => undefined);
  const stale = found === undefined || digestIn(found) !== source.digest;
  if (found !== undefined && digestIn(found) === undefined) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `${relative(process.cwd(), file)} is not what this command has written: it has no digest. Name another file with --out, or move it away.`,
    );
  }
  if (stale && !options.check) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, source.text);
  }
  const { count: tools, leftOut } = source;
  const shown = relative(process.cwd(), file);
  if (settings.json) out.write(`${JSON.stringify({ file: shown, tools, stale, leftOut })}\n`);
  else {
    out.write(`${resultText({ shown, tools, stale, check: options.check === true })}\n`);
    for (const why of leftOut) err.write(`Left out: ${why}.\n`);
  }
  return options.check && stale ? STALE : 0;
}

/** Half a file would not compile where the other half is used: a server that cannot be asked ends the command. */
function toolsOf(described: DescribedServer): ServerTools {
  if (described.ok) return described;
  const { server, error } = described;
  throw new SwitchyardError(
    error.code,
    `The tools of MCP server "${server}" cannot be listed: ${error.message}. Nothing was written; --server names those to ask.`,
    error,
  );
}

interface Result {
  readonly shown: string;
  readonly tools: number;
  readonly stale: boolean;
  readonly check: boolean;
}

function resultText({ shown, tools, stale, check }: Result): string {
  if (!stale) return `${shown} is up to date: ${tools} tools.`;
  return check
    ? `${shown} is stale: the servers say something else. Run \`switchyard tools pull\`.`
    : `${shown}: ${tools} tools.`;
}
