/** One attempt at a task: its input and output checked, its time bounded, its tool calls keyed. */
import { toMs } from '../config.js';
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import { effectKey } from '../names.js';
import type { ToolCaller } from '../ports.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { Task, TaskContext, ToolOptions } from '../task.js';
import type { ActiveJob, ProcessorDependencies } from './job.js';

/** Most bytes of JSON that a task may return: it is kept with the root, and read whole at every decision. */
const MAX_OUTPUT_BYTES = 256 * 1024;

type AttemptDependencies = Pick<ProcessorDependencies, 'tools' | 'logger'>;

export interface AttemptOf {
  readonly run: string;
  readonly stage: string;
  readonly task: Task;
  readonly input: unknown;
}

/**
 * Runs the task once.
 * @throws SwitchyardError INVALID_INPUT, BAD_OUTPUT, TOO_LARGE (final), TIMEOUT, or whatever the task threw
 */
export async function attemptTask(deps: AttemptDependencies, job: ActiveJob, of: AttemptOf): Promise<unknown> {
  const input = checkInput(of);
  const code = await of.task.load();
  const deadline = new Deadline(of, job.signal);
  try {
    const context = taskContext(deps, job, of, deadline);
    const output = await Promise.race([Promise.resolve().then(() => code(input, context)), deadline.expired]);
    return checkOutput(of, output);
  } finally {
    deadline.clear();
  }
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

function checkOutput({ task }: AttemptOf, output: unknown): unknown {
  const parsed = task.output ? task.output.safeParse(output) : { success: true as const, data: output };
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError(
      'BAD_OUTPUT',
      `task "${task.name}" returned what its schema refuses: ${describeIssues(issues)}`,
      { issues },
    );
  }
  const bytes = Buffer.byteLength(serialise(task, parsed.data));
  if (bytes > MAX_OUTPUT_BYTES) {
    throw new SwitchyardError(
      'TOO_LARGE',
      `task "${task.name}" returned ${bytes} bytes of JSON; at most ${MAX_OUTPUT_BYTES} are kept. Store the data elsewhere and return a reference to it`,
    );
  }
  return parsed.data ?? null;
}

function serialise(task: Task, output: unknown): string {
  try {
    return JSON.stringify(output) ?? 'null';
  } catch (error) {
    throw new SwitchyardError(
      'BAD_OUTPUT',
      `task "${task.name}" returned what JSON cannot hold: ${toSwitchyardError(error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** The attempt's own signal: aborted at the task's timeout, or with the job's. */
class Deadline {
  readonly expired: Promise<never>;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly endsAt: number;
  private readonly onJobAbort: () => void;

  constructor(
    { task, stage }: AttemptOf,
    private readonly jobSignal: AbortSignal,
  ) {
    // The timer's clock, not the wall's: a clock that is set during the attempt must not lengthen or cut it.
    this.endsAt = performance.now() + task.timeoutMs;
    let fail: (error: SwitchyardError) => void = () => {};
    this.expired = new Promise<never>((_resolve, reject) => {
      fail = (error) => {
        this.controller.abort(error);
        reject(error);
      };
    });
    // The race may be decided before: a rejection that nobody awaits any more must not end the process.
    this.expired.catch(() => {});
    this.timer = setTimeout(
      () =>
        fail(
          new SwitchyardError(
            'TIMEOUT',
            `task "${task.name}" (${stage}) took longer than its timeout of ${task.timeoutMs} ms`,
            { answered: false },
          ),
        ),
      task.timeoutMs,
    );
    this.onJobAbort = () =>
      fail(
        new SwitchyardError('WORKER_LOST', `the attempt at "${stage}" was stopped: ${String(jobSignal.reason)}`, {
          answered: false,
        }),
      );
    if (jobSignal.aborted) this.onJobAbort();
    else jobSignal.addEventListener('abort', this.onJobAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get remainingMs(): number {
    return Math.max(1, Math.ceil(this.endsAt - performance.now()));
  }

  clear(): void {
    clearTimeout(this.timer);
    this.jobSignal.removeEventListener('abort', this.onJobAbort);
  }
}

function taskContext(
  deps: AttemptDependencies,
  job: ActiveJob,
  { run, stage, task }: AttemptOf,
  deadline: Deadline,
): TaskContext {
  let calls = 0;
  return {
    run,
    stage,
    attempt: job.attempt,
    isLastAttempt: job.isLastAttempt,
    key: effectKey(run, stage, 1),
    signal: deadline.signal,
    log: deps.logger.child({ run, stage, attempt: job.attempt }),
    tool: (capability, args, options = {}) => {
      calls += 1;
      const key = effectKey(run, stage, calls);
      return callTool(
        deps.tools,
        capability,
        args,
        { ...options, idempotent: options.idempotent ?? task.effect.kind === 'idempotent' },
        key,
        run,
        deadline,
      );
    },
  };
}

function callTool(
  tools: ToolCaller,
  capability: string,
  args: Readonly<Record<string, unknown>>,
  options: ToolOptions,
  key: string,
  run: string,
  deadline: Deadline,
): Promise<unknown> {
  const limit =
    options.timeout === undefined ? deadline.remainingMs : Math.min(toMs(options.timeout), deadline.remainingMs);
  return tools.call(capability, options.key === undefined ? args : { ...args, [options.key]: key }, {
    timeoutMs: limit,
    signal: deadline.signal,
    safeToRepeat: options.key !== undefined || options.idempotent === true,
    meta: { 'switchyard/run': run, 'switchyard/key': key },
  });
}
