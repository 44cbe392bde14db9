/** The command line: what there is, and which file does it. Commands are imported when they are called. */
import { type Argument, Command, CommanderError } from 'commander';
import { z } from 'zod';
import { RELEASE } from '../release.js';
import { addAgentCommands } from './agent-program.js';
import { addEverydayCommands } from './everyday-program.js';
import { addOperatorCommands } from './operator-program.js';
import { reportError } from './report-error.js';
import { readSettings, type Settings } from './settings.js';
import { several } from './several.js';
import type { Terminal } from './terminal.js';

const EXAMPLES = `
Examples:
  switchyard demo
  switchyard up                  a private Redis, the API and its pages
  switchyard worker              in another terminal: does the work
  switchyard enqueue parallel '{"query":"weather in Paris and reports"}' --wait
  switchyard enqueue order @order.json --key order-42 --wait 30s
  switchyard runs --status attention             what waits for a person
  switchyard doctor                              what is wrong, and its remedy

Environment:
  REDIS_URL, SWITCHYARD_PORT, SWITCHYARD_DATA_DIR, SWITCHYARD_MCP
  SWITCHYARD_TOKEN   secret that the API asks for; needed beyond loopback
  SWITCHYARD_CALLBACK_SECRET   whsec_…, by which callbacks are signed
  SWITCHYARD_LOG_LEVEL        debug, info, warn, error or silent
  OTEL_EXPORTER_OTLP_ENDPOINT worker, up, api: where their traces are sent
  SWITCHYARD_DEBUG   1: errors with their stacks
  NO_COLOR

Exit codes:
  0 completed or partial             3 no Redis
  1 failed, cancelled, compensated   4 the run needs a person
  2 usage, or input refused          5 the wait timed out

With --json a result is one JSON document on standard output, and an error one,
{ "error": { code, message, step?, issues? } }, on standard error.
`;

const USAGE = 2;
const HELP_CODES = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

/** Runs one command line, without program name, and resolves with its exit code. Never rejects. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exit = 0;
  const program = describeProgram(terminal, (code) => {
    exit = code;
  });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    return exit;
  } catch (thrown) {
    // Help that nobody has asked for stands for a command that was left out.
    if (thrown instanceof CommanderError && HELP_CODES.has(thrown.code)) return thrown.exitCode === 0 ? 0 : USAGE;
    return reportError(thrown, terminal.err, { json: argv.includes('--json') });
  }
}

function describeProgram(terminal: Terminal, done: (exit: number) => void): Command {
  const program = new Command('switchyard')
    .description('Durable parallel, routed and saga workflows over MCP tools, on BullMQ and Redis.')
    .version(RELEASE, '-V, --version')
    .option('--json', 'one JSON document on standard output')
    .option('--redis <url>', 'address of Redis (REDIS_URL); without one the private Redis of the data folder')
    .option('--port <n>', 'port of the API (SWITCHYARD_PORT; default 7420)')
    .option('--data <dir>', 'data folder (SWITCHYARD_DATA_DIR; default .switchyard)')
    .option('--mcp <file>', 'MCP servers (SWITCHYARD_MCP; default mcp.json here, else the shipped servers)')
    .option('--config <file>', 'configuration (default switchyard.config.{js,mjs,ts} here, else the shipped workflows)')
    .option('--dev', 'where there is no Redis, start the private one, which stays until `switchyard down`')
    .configureHelp({
      showGlobalOptions: true,
      // Without its `[options]`: a wider column of names would leave the descriptions no room to be wrapped in.
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map((argument) => argumentTerm(argument))].join(' '),
    })
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      // Errors are reported in one place, in one form.
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES);

  const settingsOf = (command: Command): Settings => readSettings(command.optsWithGlobals());

  program
    .command('demo')
    .description('watch parallel, support and order run: all well, a hanging tool, a refusal undone, a killed worker')
    .action(async (_options: unknown, command: Command) => {
      const { demo } = await import('./demo/demo.js');
      done(await demo(settingsOf(command), terminal));
    });
  program
    .command('up')
    .description('start the private Redis (unless REDIS_URL is set) and serve the API and its pages')
    .option('--host <address>', 'address to listen on; beyond loopback SWITCHYARD_TOKEN is required', '127.0.0.1')
    .option('--allow-host <name...>', 'further names by which browsers may reach it')
    .action(async (options: unknown, command: Command) => {
      const { serve } = await import('./commands/up.js');
      done(await serve(settingsOf(command), { ...Serve.parse(options), startRedis: true }, terminal));
    });
  program
    .command('down')
    .description('stop the private Redis of the data folder')
    .action(async (_options: unknown, command: Command) => {
      const { down } = await import('./commands/down.js');
      done(await down(settingsOf(command), terminal));
    });
  program
    .command('worker')
    .description('work on runs until Ctrl-C or SIGTERM, then drain')
    .option('--queues <names>', 'only these, separated by commas (default: all)')
    .option('--concurrency <n>', 'jobs at once in each queue (default 25)')
    .option('--health-port <n>', 'serve /healthz, /readyz and /metrics there; 0 for any free port')
    .option('--health-host <address>', 'address of these (default 127.0.0.1); they have no token, and tell no payloads')
    .option('--wait-for-redis', 'wait for a Redis that is away at start, alive and not ready, instead of exit 3')
    .addHelpText('after', '\nExample:\n  switchyard worker --queues runs,tasks --concurrency 10\n')
    .action(async (options: unknown, command: Command) => {
      const { worker } = await import('./commands/worker.js');
      done(await worker(settingsOf(command), Worker.parse(options), terminal));
    });
  program
    .command('api')
    .description('serve the HTTP API, its pages and health checks; like `up`, but starts no Redis')
    .option('--host <address>', 'address to listen on; beyond loopback SWITCHYARD_TOKEN is required', '127.0.0.1')
    .option('--allow-host <name...>', 'further names by which browsers may reach it')
    .action(async (options: unknown, command: Command) => {
      const { serve } = await import('./commands/up.js');
      done(await serve(settingsOf(command), { ...Serve.parse(options), startRedis: false }, terminal));
    });
  program
    .command('enqueue')
    .description('start a run')
    .argument('<workflow>', 'parallel, support, order, or one of your configuration')
    .argument('[input]', 'JSON, - for standard input, or @file')
    .option('--key <key>', 'the same key is the same run: submitting it again starts nothing')
    .option('--priority <name>', 'CRITICAL, HIGH, MEDIUM or LOW (default MEDIUM)')
    .option('--delay <time>', 'begin after, such as 5s or 10m')
    .option('--tag <tag>', 'find it again by customer=42; may be given several times', several)
    .option('--wait [limit]', 'until it ends, or at most this long; the exit code tells how it ended')
    .addHelpText(
      'after',
      `
Examples:
  switchyard enqueue support '{"query":"URGENT: the API times out"}' --wait
  echo '{"query":"order reports"}' | switchyard enqueue parallel - --json
  switchyard enqueue order @order.json --key order-42 --delay 5s
`,
    )
    .action(async (workflow: string, input: string | undefined, options: unknown, command: Command) => {
      const { enqueue } = await import('./commands/enqueue.js');
      done(await enqueue(settingsOf(command), { workflow, input, ...Enqueue.parse(options) }, terminal));
    });
  program
    .command('runs')
    .description('list runs, newest first')
    .option('--workflow <name>', 'only of this workflow')
    .option('--status <status>', 'only with this status, such as failed, compensated, or open (queued or running)')
    .option('--tag <tag>', 'only with this tag, such as customer=42')
    .option('--limit <n>', 'at most this many, 1 to 200 (default 20)')
    .option('--cursor <cursor>', 'go on where the page before ended')
    .action(async (options: unknown, command: Command) => {
      const { runs } = await import('./commands/runs.js');
      done(await runs(settingsOf(command), Runs.parse(options), terminal));
    });
  program
    .command('show')
    .description('show one run with its timeline')
    .argument('<id>', "the run's id")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { show } = await import('./commands/show.js');
      done(await show(settingsOf(command), id, terminal));
    });
  program
    .command('orphans')
    .description('find effects that no run knows of, such as after a power loss of Redis; reads only')
    .addHelpText(
      'after',
      '\nExample:\n  switchyard orphans --json\n\nExit codes:\n  0 none, 4 there are some: each comes with what can be done\n',
    )
    .action(async (_options: unknown, command: Command) => {
      const { orphans } = await import('./commands/orphans.js');
      done(await orphans(settingsOf(command), terminal));
    });
  program
    .command('crash-test')
    .description('kill, lose and repeat your workflow step by step, on a Redis of its own, and say what is not safe')
    .argument('<file>', 'exports `crashTest` (defineCrashTest) or a workflow; or order, parallel, support')
    .option('--only <step...>', 'only the cases of these steps, branches or routes')
    .option('--input <json>', "JSON, - for standard input, or @file: instead of the file's own")
    .option('--workflow <name>', 'which one, where the file has several')
    .option('--timeout <time>', 'for one run to come to its end (default 60s)')
    .option('--strict', 'what rests on a declaration alone counts as a finding')
    .addHelpText(
      'after',
      `
Uses the MCP servers of your mcp.json for real: give it sandbox accounts. Never touches REDIS_URL; --redis is used if given.
Exit: 0 no findings, 1 findings, 2 nothing to test.

Examples:
  switchyard crash-test order
  switchyard crash-test ./workflows/order.ts --mcp mcp.sandbox.json
  switchyard crash-test switchyard.config.js --workflow order --input @order.json --only payment
  switchyard crash-test ./workflows/order.ts --strict --json > crash-test.json
`,
    )
    .action(async (file: string, options: unknown, command: Command) => {
      const { crashTest } = await import('./crash-test/crash-test.js');
      const { redis } = Redis.parse(command.optsWithGlobals());
      done(await crashTest(settingsOf(command), file, { ...CrashTest.parse(options), redis }, terminal));
    });
  addOperatorCommands(program, async (command, id, say, wait) => {
    const { operate } = await import('./commands/operate.js');
    done(await operate(settingsOf(command), { id, say, wait }, terminal));
  });
  addAgentCommands(program, settingsOf, terminal, done);
  addEverydayCommands(program, async (command, work) => done(await work(settingsOf(command), terminal)));
  return program;
}

function argumentTerm(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

const text = z.string().optional();
const Serve = z.object({ host: text, allowHost: z.array(z.string()).optional() });
const Worker = z.object({
  queues: text,
  concurrency: text,
  healthPort: text,
  healthHost: text,
  waitForRedis: z.boolean().optional(),
});
const Enqueue = z.object({
  key: text,
  priority: text,
  delay: text,
  tag: z.array(z.string()).optional(),
  wait: z.union([z.string(), z.boolean()]).optional(),
});
const CrashTest = z.object({
  only: z.array(z.string()).optional(),
  input: text,
  workflow: text,
  timeout: text,
  strict: z.boolean().optional(),
});
/** As given for this very command, whatever REDIS_URL says. */
const Redis = z.object({ redis: text });
const Runs = z.object({ workflow: text, status: text, tag: text, limit: text, cursor: text });
