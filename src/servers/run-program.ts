/** The life of a server process: command line, tools, endpoint, and a clean end. */
import { join } from 'node:path';
import { SwitchyardError } from '../errors.js';
import { missingPackage } from '../optional-packages.js';
import { RELEASE } from '../release.js';
import { type CommandText, helpText, readCommandLine, type Settings } from './command-line.js';
import { FaultFile } from './fault-file.js';
import { FaultGate } from './fault-gate.js';
import { serveHttp } from './serve-http.js';
import { serveStdio } from './serve-stdio.js';
import type { Tool } from './tool.js';
import { createToolServer } from './tool-server.js';

interface OpenedTools {
  readonly tools: readonly Tool[];
  close(): void;
}

export interface ServerProgram extends CommandText {
  open(settings: Settings, log: (line: string) => void): OpenedTools;
}

interface Gate {
  readonly gate: FaultGate | undefined;
  close(): void;
}

/**
 * Runs a server until its client leaves (stdio), or SIGTERM or SIGINT arrives; then ends the process with 0.
 * What cannot be started ends with the error's exit code, and one line on stderr.
 */
export async function runProgram(name: string, load: () => Promise<ServerProgram>): Promise<void> {
  // Over stdio, stdout belongs to the protocol: everything for people goes to stderr.
  const log = (line: string) => void process.stderr.write(`${name}: ${line}\n`);
  try {
    await start(await load(), log);
  } catch (thrown) {
    const error = missingPackage(thrown) ?? thrown;
    if (!(error instanceof SwitchyardError)) throw thrown;
    log(error.message);
    process.exitCode = 2;
  }
}

async function start(program: ServerProgram, log: (line: string) => void): Promise<void> {
  const settings = readCommandLine(program, process.argv.slice(2), process.env);
  if (settings.help) {
    process.stdout.write(helpText(program));
    return;
  }
  const faults = await openFaults(settings, log);
  const opened = program.open(settings, log);
  const inFlight = new Set<Promise<unknown>>();
  const createServer = () =>
    createToolServer({ name: program.name, version: RELEASE, tools: opened.tools, faults: faults.gate, inFlight, log });

  let closeEndpoint = async () => {};
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    void closeEndpoint().finally(() => {
      opened.close();
      faults.close();
      // Sockets of a tool's own HTTP client may stay open for seconds; nothing of ours is left to wait for.
      process.exit(0);
    });
  };
  process.once('SIGTERM', end).once('SIGINT', end);

  if (settings.http) {
    const endpoint = await serveHttp({ ...settings.http, createServer });
    closeEndpoint = () => endpoint.close();
    log(`listening on ${endpoint.url}`);
  } else {
    const endpoint = await serveStdio(createServer().server, inFlight);
    closeEndpoint = () => endpoint.close();
    void endpoint.ended.then(end);
  }
}

async function openFaults({ faults, dataDir }: Settings, log: (line: string) => void): Promise<Gate> {
  if (faults === undefined) return { gate: undefined, close: () => {} };
  // Needs libsql, which a server without faults may do without.
  const { FaultCounters } = await import('./fault-counters.js');
  const file = new FaultFile(faults, log);
  const counters = new FaultCounters(join(dataDir, 'faults.db'));
  const gate = new FaultGate({
    rules: () => file.rules(),
    counters,
    die: () => process.kill(process.pid, 'SIGKILL'),
  });
  log(`faults are ordered by ${faults}`);
  return { gate, close: () => counters.close() };
}
