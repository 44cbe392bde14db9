import { randomUUID } from 'node:crypto';
import type { Priority } from '../../config.js';
import type { Switchyard } from '../../engine/engine.js';
import { createRegistry } from '../../engine/registry.js';
import { SwitchyardError } from '../../errors.js';
import { isOutage, type Run, type RunState } from '../../queues/run-handle.js';
import type { StartOptions } from '../../queues/unstarted-run.js';
import { parseTags } from '../../tags.js';
import { commandLog } from '../command-log.js';
import { exitCodeOf, isUnsettled } from '../exit-code.js';
import { withSwitchyard } from '../open-switchyard.js';
import { loadProject } from '../project.js';
import { durationText } from '../render/duration.js';
import { runLines } from '../render/run.js';
import { watchRun } from '../render/watch-run.js';
import { reportError } from '../report-error.js';
import { durationMs, type Settings } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { readInput } from './read-input.js';

export interface EnqueueOptions {
  readonly workflow: string;
  readonly input: string | undefined;
  readonly key?: string | undefined;
  readonly priority?: string | undefined;
  readonly delay?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  /** True: without limit. */
  readonly wait?: string | boolean | undefined;
}

/** A run that nobody has begun after this long has probably no worker. */
const NO_WORKER_HINT_MS = 4_000;

/** Accepts a run; with `wait` also its end, whose status is then the exit code. */
export async function enqueue(settings: Settings, options: EnqueueOptions, terminal: Terminal): Promise<number> {
  const timeoutMs = waitLimit(options);
  const delay = options.delay === undefined ? undefined : durationMs('--delay', options.delay);
  const tags = options.tag && parseTags(options.tag);
  const input = await readInput(options.input);
  const project = await loadProject(settings.config);
  // Asked before Redis is: a misspelt name is no reason to look for one.
  createRegistry(project.workflows).latest(options.workflow);
  return await withSwitchyard(settings, project, commandLog(terminal.err, 'silent'), async (sy) => {
    const run = await startFindably(sy, options.workflow, input, {
      ...(options.key !== undefined && { key: options.key }),
      // A name that is none is refused by the engine, which lists those there are.
      ...(options.priority !== undefined && { priority: options.priority.toUpperCase() as Priority }),
      ...(delay !== undefined && { delay }),
      ...(tags && { tags }),
    });
    return timeoutMs === undefined
      ? await accepted(run, options.workflow, settings, terminal)
      : await waited(run, { timeoutMs, delayMs: delay ?? 0 }, settings, terminal);
  });
}

/** @throws SwitchyardError as `start`; where Redis did not say whether it took the run, with the key by which there is only one */
async function startFindably(sy: Switchyard, workflow: string, input: unknown, options: StartOptions): Promise<Run> {
  const { key = randomUUID() } = options;
  try {
    return await sy.start(workflow, input, { ...options, key });
  } catch (thrown) {
    if (!isOutage(thrown)) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SwitchyardError(
      'REDIS_UNAVAILABLE',
      `${why}. Nobody knows whether the run was accepted: enqueue it again with --key ${key}, and there is only one run, either way`,
      { cause: thrown },
    );
  }
}

/** Milliseconds, infinite without a limit; undefined: not waited for. */
function waitLimit({ wait }: EnqueueOptions): number | undefined {
  if (wait === undefined || wait === false) return undefined;
  if (wait === true) return Number.POSITIVE_INFINITY;
  try {
    return durationMs('--wait', wait);
  } catch (cause) {
    // `--wait order '{…}'`: the option has taken the workflow for its time limit.
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--wait takes an optional time limit, and "${wait}" is none. Put --wait last, as in \`switchyard enqueue parallel '{…}' --wait\`, or write --wait=30s.`,
      { cause },
    );
  }
}

async function accepted(run: Run, workflow: string, { json }: Settings, { out }: Terminal): Promise<number> {
  if (json) {
    const document = await run.describe().catch((thrown: unknown) => {
      if (!isOutage(thrown)) throw thrown;
      // It is accepted: a script that reads that there is no Redis would enqueue it again.
      return { id: run.id, workflow, status: 'queued' };
    });
    out.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  out.write(`${acceptedLine(run)}${out.colors.dim(`Look at it: switchyard show ${run.id}`)}\n`);
  return 0;
}

function acceptedLine({ id, duplicate }: Run): string {
  return `${id}  ${duplicate ? 'known already, by its key' : 'accepted'}\n`;
}

interface Wait {
  readonly timeoutMs: number;
  readonly delayMs: number;
}

async function waited(run: Run, { timeoutMs, delayMs }: Wait, settings: Settings, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  // Before anything is said: whoever reads that the run is accepted may interrupt the wait in the same moment.
  const stop = listenForStop();
  // Whatever becomes of this command, the run can be asked for.
  if (!settings.json) out.write(acceptedLine(run));
  const { state, stopped } = await watchRun(run, {
    // A document for a program: nothing is drawn, wherever it goes.
    screen: settings.json ? { ...out, isTty: false } : out,
    timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : undefined,
    stopped: stop.stopped,
    onLook: noWorkerHint(terminal, delayMs),
    onOutage: outageHint(terminal),
  }).finally(() => stop.dispose());
  if (stopped) {
    err.write(`The run goes on: switchyard show ${run.id}\n`);
    return await stop.stopped;
  }
  if (state === undefined) {
    const message = `run ${run.id} was accepted, and Redis has not answered for ${durationText(timeoutMs)}. It goes on; look again with \`switchyard show ${run.id}\`.`;
    return reportError(new SwitchyardError('WAIT_TIMEOUT', message), err, settings);
  }
  if (settings.json) out.write(`${JSON.stringify(state, null, 2)}\n`);
  else out.write(`${runLines(state, { colors: out.colors, columns: out.columns, now: Date.now() }).join('\n')}\n`);
  if (isUnsettled(state.status)) {
    const message = `run ${run.id} is still ${state.status} after ${durationText(timeoutMs)}. It goes on; look again with \`switchyard show ${run.id}\`.`;
    return reportError(new SwitchyardError('WAIT_TIMEOUT', message), err, settings);
  }
  return exitCodeOf(state.status);
}

function outageHint({ err }: Terminal): () => void {
  let said = false;
  return () => {
    if (said) return;
    said = true;
    err.write('Redis does not answer. The run goes on wherever its workers reach it; still waiting.\n');
  };
}

function noWorkerHint({ err }: Terminal, delayMs: number): (state: RunState) => void {
  const since = Date.now() + delayMs;
  let said = false;
  return (state) => {
    if (said || state.status !== 'queued' || Date.now() - since < NO_WORKER_HINT_MS) return;
    said = true;
    err.write('Nobody has begun the run yet. Is a worker running? Start one: switchyard worker\n');
  };
}
