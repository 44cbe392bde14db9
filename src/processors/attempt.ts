/** One attempt at a task: its input and output checked, its time bounded, its tool calls keyed. */
import { MAX_OUTPUT_BYTES, MAX_TIMER_MS, toMsWithin } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { jsonDifference } from '../json-difference.js';
import { effectKey } from '../names.js';
import type { ToolCallOptions } from '../ports.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { Task, TaskContext, ToolOptions } from '../task.js';
import { createAskedTools } from './asked-tools.js';
import { createCallKeys } from './call-keys.js';
import { Deadline } from './deadline.js';
import type { ActiveJob, ProcessorDependencies } from './job.js';
import { observedCall } from './observed-call.js';

type AttemptDependencies = Pick<ProcessorDependencies, 'tools' | 'telemetry'>;

export interface AttemptOf {
  readonly run: string;
  readonly stage: string;
  readonly task: Task;
  readonly input: unknown;
}

/**
 * Runs the task once.
 * @throws SwitchyardError INVALID_INPUT, BAD_OUTPUT, TOO_LARGE (final), TIMEOUT, WORKER_LOST, or whatever the task threw
 */
export async function attemptTask(deps: AttemptDependencies, job: ActiveJob, of: AttemptOf): Promise<unknown> {
  const input = checkInput(of);
  const deadline = new Deadline(of, job.signal);
  try {
    const context = taskContext(deps, job, of, deadline);
    return checkOutput(of, await Promise.race([runCode(of, input, context, deadline), deadline.expired]));
  } finally {
    deadline.clear();
  }
}

/** Loading counts towards the timeout: an import that hangs would hold the job for ever. */
async function runCode({ task }: AttemptOf, input: unknown, context: TaskContext, deadline: Deadline) {
  const code = await task.load();
  deadline.begin();
  return await code(input, context);
}

function checkInput({ task, stage, input }: AttemptOf): unknown {
  if (!task.input) return input;
  const parsed = task.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error);
  throw new SwitchyardError(
    'INVALID_INPUT',
    `task "${task.name}" refuses what "${stage}" gives it: ${describeIssues(issues)}`,
    { issues },
  );
}

/**
 * What a stage returns, checked: it is kept with the root, as JSON, and read from there by what comes after it.
 * @throws SwitchyardError BAD_OUTPUT, TOO_LARGE
 */
export function checkOutput({ task }: Pick<AttemptOf, 'task'>, output: unknown): unknown {
  const parsed = task.output ? task.output.safeParse(output) : { success: true as const, data: output };
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw badOutput(task, `returned what its schema refuses: ${describeIssues(issues)}`, { issues });
  }
  const { bytes, difference } = asJson(task, parsed.data);
  if (bytes > MAX_OUTPUT_BYTES) {
    throw new SwitchyardError(
      'TOO_LARGE',
      `task "${task.name}" returned ${bytes} bytes of JSON; at most ${MAX_OUTPUT_BYTES} are kept. Store the data elsewhere and return a reference to it`,
    );
  }
  if (difference) {
    const where = difference.path === '' ? 'as a whole' : `at "${difference.path}"`;
    throw badOutput(
      task,
      `returned ${difference.found} ${where}, which JSON changes on the way to whoever reads it. Keep to JSON's own types in what a task returns and in its schema, such as z.iso.datetime() for a time, and convert where the value is used`,
    );
  }
  return parsed.data ?? null;
}

function asJson(task: Task, output: unknown) {
  try {
    const bytes = Buffer.byteLength(JSON.stringify(output) ?? 'null');
    // What is too large is refused for that, and not walked through.
    const isKept = output !== undefined && bytes <= MAX_OUTPUT_BYTES;
    return { bytes, difference: isKept ? jsonDifference(output) : undefined };
  } catch (error) {
    throw badOutput(task, `returned what JSON cannot hold: ${toSwitchyardError(error).message}`, { cause: error });
  }
}

function badOutput(
  { name }: Task,
  what: string,
  more?: ConstructorParameters<typeof SwitchyardError>[2],
): SwitchyardError {
  return new SwitchyardError('BAD_OUTPUT', `task "${name}" ${what}`, more);
}

function taskContext(deps: AttemptDependencies, job: ActiveJob, of: AttemptOf, deadline: Deadline): TaskContext {
  const { run, stage, task } = of;
  const keyOf = createCallKeys(of);
  const ask = createAskedTools();
  return {
    run,
    stage,
    attempt: job.attempt,
    isLastAttempt: job.isLastAttempt,
    key: effectKey(run, stage, 1),
    signal: deadline.signal,
    // Also the stage that is asked for whether an effect happened is a stage of its own in the log.
    log: job.log.child({ stage }),
    tool: async (capability, args, options = {}) => {
      const key = keyOf(options);
      const callOptions: ToolCallOptions = {
        timeoutMs: callTimeout(of, options, deadline),
        signal: deadline.signal,
        safeToRepeat: key !== undefined || (options.idempotent ?? task.effect.kind === 'idempotent'),
        meta: { 'switchyard/run': run, ...(key !== undefined && { 'switchyard/key': key }) },
      };
      const all = options.key === undefined ? args : { ...args, [options.key]: key };
      return await ask(callOptions.safeToRepeat, () =>
        observedCall(deps, { run, stage, capability, trace: job.trace }, callOptions, (traced) =>
          deps.tools.call(capability, all, traced),
        ),
      );
    },
  };
}

function callTimeout({ task }: AttemptOf, { timeout }: ToolOptions, { remainingMs }: Deadline): number {
  if (timeout === undefined) return remainingMs;
  const refusal = { code: 'INVALID_DEFINITION', what: `task "${task.name}": the timeout of a tool call` } as const;
  return Math.min(toMsWithin(timeout, { min: 1, max: MAX_TIMER_MS }, refusal), remainingMs);
}
