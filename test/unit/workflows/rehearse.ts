/**
 * A run without Redis: the real definitions, decisions and tasks in one loop, over scripted tools. What Redis and
 * BullMQ add (several workers, crashes, time between attempts) is left to the integration tests.
 */
import { type ErrorRecord, toSwitchyardError } from '../../../src/errors.js';
import type {
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  FinalStatus,
  OperatorStatus,
  RunRecord,
  StageFact,
} from '../../../src/facts.js';
import { effectKey } from '../../../src/names.js';
import { conclude } from '../../../src/orchestrators/conclude.js';
import { decide } from '../../../src/orchestrators/decide.js';
import type { Workflow, WorkflowDefinition } from '../../../src/orchestrators/definition.js';
import type { Stage } from '../../../src/orchestrators/move.js';
import { stageTask, stepOf } from '../../../src/orchestrators/stage-task.js';
import type { Task, ToolOptions } from '../../../src/task.js';
import { silentLog } from '../../support/silent-log.js';

export interface ToolCall {
  readonly capability: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: ToolOptions;
}

/** Answers, or throws as a tool does. */
export type ScriptedTools = (call: ToolCall) => unknown;

export interface Rehearsal<Out> {
  readonly status: FinalStatus | OperatorStatus;
  readonly output: Out;
  readonly error?: ErrorRecord;
  readonly calls: readonly ToolCall[];
  /** Tool calls and what was recorded around them, in order: `intent:x`, `call:x`, `done:x`. */
  readonly journal: readonly string[];
  readonly intents: ReadonlyMap<string, EffectIntent>;
}

let runs = 0;

export async function rehearse<In, Out>(
  definition: Workflow<In, Out>,
  input: NoInfer<In>,
  tools: ScriptedTools,
): Promise<Rehearsal<Out>> {
  runs += 1;
  const run = new Rehearsed(definition, input, tools, `${definition.name}-0-t${runs}`);
  return run.toEnd<Out>();
}

class Rehearsed {
  private readonly calls: ToolCall[] = [];
  private readonly journal: string[] = [];
  private readonly intents = new Map<string, EffectIntent>();
  private readonly done = new Map<string, EffectDone>();
  private readonly failedAttempts = new Map<string, FailedAttempt[]>();
  private readonly stages = new Map<string, StageFact>();
  private readonly signal = new AbortController().signal;
  private record: RunRecord;

  constructor(
    private readonly definition: WorkflowDefinition,
    input: unknown,
    private readonly tools: ScriptedTools,
    id: string,
  ) {
    const { intents, done, failedAttempts } = this;
    const { name: workflow, version } = definition;
    this.record = {
      ...{ id, workflow, version, inputHash: '', priority: 'LOW', createdAt: 0, intents, done, failedAttempts },
      input: definition.input.parse(input),
      ...{ asked: new Map(), answeredFor: new Map(), words: [] },
    };
  }

  private get facts(): Facts {
    return { record: this.record, stages: this.stages };
  }

  async toEnd<Out>(): Promise<Rehearsal<Out>> {
    const { calls, journal, intents } = this;
    for (;;) {
      const move = decide(this.definition, this.facts);
      if (move.kind === 'park') throw new Error('nothing is pending in a rehearsal, yet the run waits');
      if (move.kind === 'ask') return { status: move.status, output: undefined as Out, calls, journal, intents };
      if (move.kind === 'end') {
        const { status, output, error } = conclude(this.definition, this.facts, move, 1_500);
        return { status, output: output as Out, ...(error && { error }), calls, journal, intents };
      }
      if (move.kind === 'classify' && this.definition.pattern === 'router') {
        this.record = { ...this.record, decision: this.definition.classify(this.record.input) };
      }
      if (move.kind === 'append') {
        if (move.phase) this.record = { ...this.record, phase: move.phase };
        await Promise.all(move.stages.map((stage) => this.perform(stage)));
      }
    }
  }

  private async perform(stage: Stage): Promise<void> {
    const { task, input } = stageTask(this.definition, stage, this.facts);
    if (!task) throw new Error(`no task for "${stage.stage}"`);
    const isEffect = stage.kind === 'step' || stage.kind === 'undo';
    for (let attempt = 1; ; attempt += 1) {
      const given = isEffect ? this.begin(stage, attempt) : input;
      try {
        const output = await this.attempt(task, stage, attempt, given);
        if (isEffect) this.finish(stage, attempt, output);
        this.stages.set(stage.stage, { state: 'done', output, attempt, startedAt: 0, finishedAt: 0 });
        return;
      } catch (thrown) {
        const error = toSwitchyardError(thrown, { step: stage.stage }).toJSON();
        const before = this.failedAttempts.get(stage.stage) ?? [];
        this.failedAttempts.set(stage.stage, [...before, { n: attempt, startedAt: 0, finishedAt: 0, error }]);
        if (error.retryable && attempt < task.attempts) continue;
        this.stages.set(stage.stage, { state: 'failed', error });
        return;
      }
    }
  }

  private begin(stage: Stage, attempt: number): unknown {
    const { id: run, input } = this.record;
    const step = this.definition.pattern === 'saga' ? stepOf(this.definition.steps, stage) : undefined;
    if (!step) throw new Error(`no step for "${stage.stage}"`);
    const key = effectKey(run, step.name, 1);
    const undoArgs = stage.kind === 'step' ? step.undo?.with({ input, key, run, output: undefined }) : undefined;
    this.intents.set(stage.stage, { attempt, at: 0, key, undoArgs });
    this.journal.push(`intent:${stage.stage}`);
    if (stage.kind === 'undo') return this.intents.get(step.name)?.undoArgs;
    const done = Object.fromEntries([...this.done].map(([name, entry]) => [name, entry.output]));
    return step.with({ input, key, run, done });
  }

  private finish({ stage }: Stage, attempt: number, output: unknown): void {
    this.done.set(stage, { attempt, startedAt: 0, finishedAt: 0, output });
    this.journal.push(`done:${stage}`);
  }

  /** One attempt as a worker makes it: input and output checked, tool calls keyed. */
  private async attempt(task: Task, { stage }: Stage, attempt: number, input: unknown): Promise<unknown> {
    const { id: run } = this.record;
    const code = await task.load();
    const output = await code(task.input ? task.input.parse(input) : input, {
      run,
      stage,
      attempt,
      isLastAttempt: attempt >= task.attempts,
      key: effectKey(run, stage, 1),
      signal: this.signal,
      log: silentLog,
      tool: async (capability, args, options = {}) => {
        const keyed = options.key === undefined ? args : { ...args, [options.key]: effectKey(run, stage, 1) };
        const call = { capability, args: keyed, options };
        this.calls.push(call);
        this.journal.push(`call:${stage}`);
        return this.tools(call);
      },
    });
    return task.output ? task.output.parse(output) : output;
  }
}
