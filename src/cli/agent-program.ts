/** The commands by which agents reach the workflows, and by which a project looks after what it depends on. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Settings } from './settings.js';
import type { Terminal } from './terminal.js';

const text = z.string().optional();
const flag = z.boolean().optional();

const Mcp = z.object({
  http: flag,
  host: text,
  allowHost: z.array(z.string()).optional(),
  operator: flag,
  withWorker: flag,
  wait: text,
});
const Doctor = z.object({ runs: text, offline: flag });
const Pull = z.object({ out: text, check: flag, server: z.array(z.string()).optional(), from: text });
/** As given for this very command, whatever SWITCHYARD_PORT says. */
const Port = z.object({ port: text });

export function addAgentCommands(
  program: Command,
  settingsOf: (command: Command) => Settings,
  terminal: Terminal,
  done: (exit: number) => void,
): void {
  program
    .command('mcp')
    .description('serve the workflows to an agent as tools, over stdio or HTTP')
    .option('--http', 'Streamable HTTP at /mcp, on --port (default 7421), instead of stdio')
    .option('--host <address>', 'address to listen on; beyond loopback SWITCHYARD_TOKEN is required')
    .option('--allow-host <name...>', 'further names by which clients may reach it')
    .option('--with-worker', 'also work on the runs, in this process: for one user on one machine')
    .option('--operator', 'also serve the words that stand for a person: approve, resolve, …')
    .option('--wait <time>', 'how long a call waits that does not say (default 45s)')
    .addHelpText(
      'after',
      `
In the agent's configuration (mcp.json):
  { "mcpServers": { "switchyard": { "command": "switchyard", "args": ["mcp"] } } }

Examples:
  switchyard mcp                              workers run elsewhere
  switchyard mcp --with-worker --dev          everything here, with a private Redis
  switchyard mcp --http --port 7421           http://127.0.0.1:7421/mcp
`,
    )
    .action(async (options: unknown, command: Command) => {
      const { mcp } = await import('./commands/mcp.js');
      const { port } = Port.parse(command.optsWithGlobals());
      done(await mcp(settingsOf(command), { ...Mcp.parse(options), port }, terminal));
    });
  program
    .command('doctor')
    .description('what is wrong here: Redis, workers, MCP servers, runs that are stuck; each with its remedy')
    .option('--runs <n>', 'check the promises over this many of the newest runs, 0 to 1000 (default 100)')
    .option('--offline', 'start no MCP server')
    .addHelpText(
      'after',
      `
Reads only. Exit: 0 nothing of severity error, 1 there is something, 3 no Redis.

Examples:
  switchyard doctor
  switchyard doctor --runs 1000 --json
  REDIS_URL=rediss://… switchyard doctor --offline
`,
    )
    .action(async (options: unknown, command: Command) => {
      const { doctor } = await import('./doctor/doctor.js');
      done(await doctor(settingsOf(command), Doctor.parse(options), terminal));
    });
  program
    .command('tools')
    .description('types for the tools of the configured MCP servers')
    .addCommand(pullCommand(program, settingsOf, terminal, done));
}

function pullCommand(
  program: Command,
  settingsOf: (command: Command) => Settings,
  terminal: Terminal,
  done: (exit: number) => void,
): Command {
  return program
    .createCommand('pull')
    .description('ask the configured MCP servers for their tools and write them as typed tasks')
    .option('--out <file>', 'where to (default src/tools.ts)')
    .option('--server <name...>', 'only of these servers')
    .option('--check', 'write nothing; exit 1 when the file is not what would be written')
    .option('--from <module>', 'what the file imports from (default switchyard-mq)')
    .addHelpText(
      'after',
      `
Examples:
  switchyard tools pull
  switchyard tools pull --out src/generated/tools.ts --server shop
  switchyard tools pull --check            in CI

Then, in a workflow:
  import { tools } from './tools.js';
  const charge = tools.commerce.charge_payment({ key: 'idempotencyKey', attempts: 3 });
`,
    )
    .action(async (options: unknown, command: Command) => {
      const { toolsPull } = await import('./commands/tools-pull.js');
      done(await toolsPull(settingsOf(command), Pull.parse(options), terminal));
    });
}
