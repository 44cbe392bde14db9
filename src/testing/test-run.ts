/** A run of a test: looked at, and driven, as `sy.run(id)` is. Each word is carried out before its promise resolves. */
import type { ErrorRecord } from '../errors.js';
import type { RunRecord, RunStatus } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { describeRun, type RunDocument, type TimelineEntry } from '../orchestrators/timeline.js';
import type { Said, SaidAbout } from '../queues/said.js';
import type { ToolCall } from './fake-tools.js';
import type { MemoryRun } from './memory-run.js';
import type { MemoryWords } from './memory-words.js';

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
  /**
   * Runs again what failed: in its place, or, where nothing of it may be kept, as another run, which is returned: the
   * same one, however often it is asked for.
   * @throws SwitchyardError ILLEGAL_STATE when it has not ended, or has completed
   */
  retry(said?: Said): Promise<TestRun<Out>>;
}

interface Parts<Out> {
  readonly run: MemoryRun;
  readonly definition: WorkflowDefinition;
  readonly words: MemoryWords;
  readonly calls: readonly ToolCall[];
  /** Carries out whatever can be by now. */
  readonly settle: () => Promise<void>;
  /** Runs the input of this one again, as another run. */
  readonly startAgain: (record: RunRecord) => Promise<TestRun<Out>>;
}

export function testRun<Out>({ run, definition, words, calls, settle, startAgain }: Parts<Out>): TestRun<Out> {
  const describe = () => describeRun(definition, run.facts());
  async function carriedOut(word: Promise<void>): Promise<void> {
    await word;
    await settle();
  }
  const self: TestRun<Out> = {
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
    approve: (said) => carriedOut(words.approve(said)),
    reject: (said) => carriedOut(words.reject(said)),
    signal: (stage, value) => carriedOut(words.signal(stage, value)),
    cancel: (said) => carriedOut(words.cancel(said)),
    resume: (said) => carriedOut(words.say({ command: 'resume', ...said })),
    resolve: (what) => carriedOut(words.say({ command: 'resolve', ...what })),
    skip: (said) => carriedOut(words.say({ command: 'skip', ...said })),
    abandon: (said) => carriedOut(words.say({ command: 'abandon', ...said })),
    async retry(said) {
      if (!(await words.reopen(said))) return await startAgain(run.facts().record);
      await settle();
      return self;
    },
  };
  return self;
}
