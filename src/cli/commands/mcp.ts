import type { ServerCheck } from '../../adapters/mcp/tool-pool.js';
import { SwitchyardError } from '../../errors.js';
import { isLoopback } from '../../http-admission.js';
import type { Logger } from '../../ports.js';
import { RELEASE } from '../../release.js';
import { serveHttp } from '../../servers/serve-http.js';
import { serveStdio } from '../../servers/serve-stdio.js';
import { createWorkflowServer, type WorkflowServer } from '../../servers/workflows/workflow-server.js';
import { shippedAgentTools } from '../../workflows/agent-tools.js';
import { commandLog } from '../command-log.js';
import { missingTools } from '../missing-tools.js';
import { openSwitchyard, redisFor } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { claimStandardOutput } from '../protocol-output.js';
import { durationMs, type Settings, wholeNumber } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { toolServers } from '../tool-servers.js';
import { workerTools } from '../worker-tools.js';

export interface McpOptions {
  readonly http?: boolean | undefined;
  /** As given for this very command: SWITCHYARD_PORT is the dashboard's. */
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly allowHost?: readonly string[] | undefined;
  readonly operator?: boolean | undefined;
  readonly withWorker?: boolean | undefined;
  readonly wait?: string | undefined;
}

/** Beside the dashboard's. */
const DEFAULT_MCP_PORT = 7421;

/** A client ends its server 2 s after it has closed its input: by then what was begun must have been put back. */
const STDIO_GRACE_MS = 1_500;

/** Serves the project's workflows to an agent, until its client leaves (stdio) or it is told to stop. */
export async function mcp(settings: Settings, options: McpOptions, { out, err }: Terminal): Promise<number> {
  const address = addressOf(options);
  const waitMs = options.wait === undefined ? undefined : durationMs('--wait', options.wait);
  // Before anything of the project is loaded, which may greet the world.
  const protocol = options.http ? undefined : claimStandardOutput();
  const stop = listenForStop();
  const log = commandLog(err, 'warn');
  const project = await loadProject(settings.config);
  const config = options.withWorker ? await toolServers(settings, project) : undefined;
  const { url } = await redisFor(settings, project, { mode: settings.dev ? 'start' : 'attach', log });
  const tools = config && workerTools(settings, project, config, log);
  const sy = openSwitchyard(project, { url, log, ...(tools && { tools }) });
  try {
    const server = createWorkflowServer({
      sy,
      workflows: project.workflows,
      version: RELEASE,
      agentTools: { ...shippedAgentTools(project.workflows), ...project.agentTools },
      operator: options.operator === true,
      waitMs,
      log: (line) => log.error({}, line),
    });
    await sy.ready();
    const workers = tools && sy.workers(protocol && { graceMs: STDIO_GRACE_MS });
    await workers?.start();
    // Not waited for: clients give a server that does not answer soon up, and calls start what they need.
    if (tools && config)
      void tools.check().then((checks) => warnOf(checks, missingTools(project.workflows, config, checks), log));
    try {
      if (protocol) {
        const endpoint = await serveStdio(server.connect().server, server.inFlight, protocol);
        await Promise.race([endpoint.ended, stop.stopped]);
        await endpoint.close();
      } else {
        const endpoint = await serveHttp({ ...address, createServer: () => server.connect(), streaming: true });
        out.write(
          settings.json ? `${JSON.stringify(servedOf(endpoint.url, server))}\n` : servedText(endpoint.url, server),
        );
        await stop.stopped;
        await endpoint.close();
      }
    } finally {
      await workers?.stop();
    }
    return 0;
  } finally {
    await tools?.close();
    await sy.close();
    stop.dispose();
  }
}

function warnOf(checks: readonly ServerCheck[], missing: ReturnType<typeof missingTools>, log: Logger): void {
  for (const check of checks) if (!check.ok) log.warn({ server: check.server }, check.error.message);
  for (const { message, workflow, capability } of missing) log.warn({ workflow, capability }, message);
}

/** @throws SwitchyardError INVALID_INPUT, INVALID_CONFIG */
function addressOf({ http, port, host = '127.0.0.1', allowHost = [] }: McpOptions) {
  if (!http) {
    const stray = port !== undefined ? '--port' : host !== '127.0.0.1' ? '--host' : allowHost[0] && '--allow-host';
    if (stray) throw new SwitchyardError('INVALID_INPUT', `${stray} needs --http`);
  }
  const token = process.env.SWITCHYARD_TOKEN || undefined;
  if (!isLoopback(host) && token === undefined) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `--host ${host} lets other machines start runs: set SWITCHYARD_TOKEN to a secret that clients send as a bearer token, or stay on 127.0.0.1`,
    );
  }
  return {
    host,
    port: port === undefined ? DEFAULT_MCP_PORT : wholeNumber('--port', port, { min: 0, max: 65_535 }),
    allowedHosts: [host, ...allowHost],
    token,
  };
}

function servedOf(url: string, { tools }: WorkflowServer) {
  return { url, tools };
}

function servedText(url: string, { tools }: WorkflowServer): string {
  return `MCP server at ${url}, tools ${tools.join(', ')}. Ctrl-C stops it.\n`;
}
