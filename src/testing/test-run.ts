/** A run of a test: looked at, and driven, as `sy.run(id)` is. Each word is carried out before its promise resolves. */
import { type ErrorRecord, SwitchyardError } from '../errors.js';
import type { Answer, RunStatus } from '../facts.js';
import { type OperatorRequest, operate } from '../orchestrators/operate.js';
import { waitStage } from '../orchestrators/stage-task.js';
import { describeRun, type RunDocument, type TimelineEntry } from '../orchestrators/timeline.js';
import { type Said, type SaidAbout, wordOf } from '../queues/said.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { ToolCall } from './fake-tools.js';
import type { MemoryQueue } from './memory-queue.js';
import type { MemoryRun } from './memory-run.js';

export interface TestRun<Out = unknown> {
  readonly id: string;
  readonly status: RunStatus;
  readonly output: Out | undefined;
  readonly error: ErrorRecord | undefined;
  readonly timeline: readonly TimelineEntry[];
  /** All of it, as `show` prints it. */
  readonly document: RunDocument;
  /** What its tools were asked, in order. */
  readonly calls: readonly ToolCall[];
  /** @param said `stage` where it asks about more than one */
  approve(said?: SaidAbout): Promise<void>;
  reject(said?: SaidAbout): Promise<void>;
  signal(stage: string, value: unknown): Promise<void>;
  cancel(said?: Said): Promise<void>;
  resume(said?: SaidAbout): Promise<void>;
  resolve(what: SaidAbout & { readonly happened: boolean; readonly output?: unknown }): Promise<void>;
  skip(said: SaidAbout): Promise<void>;
  abandon(said: SaidAbout): Promise<void>;
}

interface Parts {
  readonly run: MemoryRun;
  readonly queue: MemoryQueue;
  readonly now: () => number;
  readonly calls: readonly ToolCall[];
  /** Carries out whatever can be by now. */
  readonly settle: () => Promise<void>;
}

export function testRun<Out>({ run, queue, now, calls, settle }: Parts): TestRun<Out> {
  const describe = () => describeRun(run.definition, run.facts());
  const illegal = (why: string) =>
    new SwitchyardError('ILLEGAL_STATE', `run ${run.id} is ${describe().status}: ${why}`);

  function openApproval(stage: string | undefined): string {
    const open = [...run.asked]
      .filter(([name, { of }]) => of === 'person' && run.isPending(name))
      .map(([name]) => name);
    const [only] = open;
    if (stage !== undefined && open.includes(stage)) return stage;
    if (stage === undefined && only !== undefined && open.length === 1) return only;
    throw illegal(open.length > 0 ? `it asks about ${open.join(', ')}: name one` : 'it waits for no approval');
  }

  async function say(request: OperatorRequest): Promise<void> {
    const again = run.say(operate(run.definition, run.facts(), request, now()));
    if (again !== undefined) queue.forget(again);
    await settle();
  }

  return {
    id: run.id,
    calls,
    get document() {
      return describe();
    },
    get status() {
      return describe().status;
    },
    get output() {
      // The definition's own type: what `returns` or `aggregate` gave.
      return describe().output as Out | undefined;
    },
    get error() {
      return describe().error;
    },
    get timeline() {
      return describe().timeline;
    },
    async approve({ stage, by, reason } = {}) {
      const [about, at] = [openApproval(stage), now()];
      const output = { at, ...(by !== undefined && { by }), ...(reason !== undefined && { note: reason }) };
      run.answer(
        about,
        { at, output },
        wordOf('approve', about, at, { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) }),
      );
      await settle();
    },
    async reject({ stage, ...said } = {}) {
      const [about, at] = [openApproval(stage), now()];
      const message = `rejected${said.by === undefined ? '' : ` by ${said.by}`}${said.reason === undefined ? '' : `: ${said.reason}`}`;
      run.answer(
        about,
        { at, error: { code: 'REJECTED', message, retryable: false } },
        wordOf('reject', about, at, said),
      );
      await settle();
    },
    async signal(stage, value) {
      const task = waitStage(run.definition, stage);
      if (task?.waits?.for !== 'signal')
        throw illegal(`workflow "${run.definition.name}" waits for no signal "${stage}"`);
      const parsed = task.output?.safeParse(value);
      if (parsed && !parsed.success) {
        const issues = issuesOf(parsed.error);
        throw new SwitchyardError('INVALID_INPUT', `signal "${stage}" refuses this value: ${describeIssues(issues)}`, {
          issues,
        });
      }
      const given: Answer = { at: now(), output: parsed?.data ?? value ?? null };
      if (run.outcome) throw illegal('it has ended');
      if (run.isPending(stage)) run.answer(stage, given);
      else if (run.early.has(stage) || run.stages.has(stage))
        throw illegal(`"${stage}" has its answer; the first one stands`);
      else run.early.set(stage, given);
      await settle();
    },
    async cancel(said = {}) {
      const stopped = run.requestStop({ cause: 'cancelled', at: now(), ...said });
      if (stopped.kind === 'past-pivot') throw illegal(`it is past "${stopped.step}", and can only go forward`);
      if (stopped.kind !== 'stopping') throw illegal('it cannot be cancelled any more');
      queue.dropWaiting();
      await settle();
    },
    resume: (said = {}) => say({ command: 'resume', ...said }),
    resolve: (what) => say({ command: 'resolve', ...what }),
    skip: (said) => say({ command: 'skip', ...said }),
    abandon: (said) => say({ command: 'abandon', ...said }),
  };
}
