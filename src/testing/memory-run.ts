/**
 * One run as Redis keeps it, in memory: what the scripts of the adapters write, without locks, since here one job runs at a
 * time and no worker is lost. What is decided on it, and what is recorded when, is the product's own.
 */
import type {
  Answer,
  Asked,
  EffectDone,
  EffectIntent,
  Facts,
  FailedAttempt,
  OperatorWord,
  RunOutcome,
  RunRecord,
  StageFact,
  StopRequest,
} from '../facts.js';
import { planBranches } from '../orchestrators/decide-fan-out.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { attentionStage, type Phase, type Stopped } from '../orchestrators/move.js';
import type { Statement } from '../orchestrators/operate.js';
import type { RunLog, Standing } from '../ports.js';

type Start = Pick<RunRecord, 'id' | 'workflow' | 'version' | 'input' | 'inputHash' | 'priority' | 'createdAt'>;

export class MemoryRun {
  readonly stages = new Map<string, StageFact>();
  readonly asked = new Map<string, Asked>();
  /** Signals that came before they were waited for. */
  readonly early = new Map<string, Answer>();
  /** When each clock rings. */
  readonly clocks = new Map<string, number>();
  readonly log: RunLog;
  phase: Phase | undefined;
  stop: StopRequest | undefined;
  outcome: RunOutcome | undefined;
  readonly #intents = new Map<string, EffectIntent>();
  readonly #done = new Map<string, EffectDone>();
  readonly #failedAttempts = new Map<string, readonly FailedAttempt[]>();
  readonly #answeredFor = new Map<string, number>();
  readonly #words: OperatorWord[] = [];
  #decision: unknown;
  #slaDueAt: number | undefined;

  constructor(
    readonly definition: WorkflowDefinition,
    private readonly start: Start,
  ) {
    this.log = this.#createLog();
  }

  get id(): string {
    return this.start.id;
  }

  /** As of this moment: what is decided on must not change under whoever decides. */
  facts(): Facts {
    return { record: this.#record(), stages: new Map(this.stages) };
  }

  #record(): RunRecord {
    return {
      ...this.start,
      intents: new Map(this.#intents),
      done: new Map(this.#done),
      failedAttempts: new Map(this.#failedAttempts),
      asked: new Map(this.asked),
      answeredFor: new Map(this.#answeredFor),
      clocks: new Map(this.clocks),
      words: [...this.#words],
      ...(this.stop && { stop: this.stop }),
      ...(this.phase && { phase: this.phase }),
      ...(this.outcome && { outcome: this.outcome }),
      ...(this.#decision !== undefined && { decision: this.#decision }),
      ...(this.#slaDueAt !== undefined && { slaDueAt: this.#slaDueAt }),
    };
  }

  /** Where a stage goes on counting its attempts. */
  attemptsSoFar(stage: string): number {
    return Math.max(this.#failedAttempts.get(stage)?.at(-1)?.n ?? 0, this.#answeredFor.get(stage) ?? 0);
  }

  /** As `stop-run.lua` does it; what no worker has goes with `dropWaiting`. */
  requestStop(request: StopRequest): Stopped {
    if (this.outcome) return { kind: 'ended' };
    if (this.phase === 'compensating' || this.phase === 'compensation_stuck') return { kind: 'undoing' };
    const pivot = this.definition.pattern === 'saga' ? this.definition.steps.find((step) => step.pivot) : undefined;
    if (pivot && this.#intents.has(pivot.name)) return { kind: 'past-pivot', step: pivot.name };
    this.stop ??= request;
    this.phase = undefined;
    return { kind: 'stopping' };
  }

  /** As `answer-stage.lua` does it. */
  answer(stage: string, given: Answer, word?: OperatorWord): void {
    if (word) this.#words.push(word);
    const startedAt = this.asked.get(stage)?.at ?? given.at;
    if (given.error) this.stages.set(stage, { state: 'failed', error: { ...given.error, step: stage } });
    else {
      const done = { output: given.output, attempt: 1, startedAt, finishedAt: given.at };
      this.stages.set(stage, { state: 'done', ...done });
      this.#done.set(stage, done);
    }
    const asksOn = [...this.asked].some(([name, { of }]) => of === 'person' && this.isPending(name));
    if (this.phase === 'waiting_approval' && !asksOn) this.phase = undefined;
  }

  /** As `operate-run.lua` does it. Returns the stage whose job is forgotten. */
  say({ word, again, answeredFor, done, to, question }: Statement): string | undefined {
    this.#words.push(word);
    if (again !== undefined) this.stages.delete(again);
    if (answeredFor) this.#answeredFor.set(answeredFor.stage, answeredFor.attempt);
    if (done && word.stage !== undefined) this.#done.set(word.stage, done);
    this.phase = to;
    this.stages.delete(attentionStage(question));
    return again;
  }

  isPending(stage: string): boolean {
    return this.stages.get(stage)?.state === 'pending';
  }

  #standing(): Standing {
    const { definition } = this;
    const count = (state: StageFact['state']) =>
      [...this.stages.values()].filter((fact) => fact.state === state).length;
    const plan =
      definition.pattern === 'fan-out' || definition.pattern === 'list'
        ? planBranches(definition, this.start.input)
        : [];
    const planned = plan.filter(({ skipped }) => skipped === undefined).length;
    return { completed: count('done'), failed: count('failed'), planned };
  }

  #createLog(): RunLog {
    const recorded = { kind: 'recorded' } as const;
    return {
      read: async () => this.facts(),
      mark: async () => ({ stopping: this.stop !== undefined }),
      lostAnswer: async (_run, stage, { after, before }) => {
        const from = Math.max(after, this.#answeredFor.get(stage) ?? 0);
        const attempts = this.#failedAttempts.get(stage) ?? [];
        return attempts.some(({ n, error }) => n > from && n < before && error.answered === false);
      },
      beginEffect: async (_run, _fence, stage, intent, way) => {
        const done = this.#done.get(stage);
        if (done) return { kind: 'already-done', done };
        if (way === 'forward' && this.stop) return { kind: 'stopped' };
        const previous = this.#intents.get(stage);
        this.#intents.set(stage, intent);
        return { kind: 'begun', ...(previous && { previous }) };
      },
      finishEffect: async (_run, _fence, stage, done) => {
        if (!this.#done.has(stage)) this.#done.set(stage, done);
        return recorded;
      },
      recordFailedAttempt: async (_run, _fence, stage, attempt) => {
        const known = this.#failedAttempts.get(stage) ?? [];
        if (!known.some(({ n }) => n === attempt.n)) this.#failedAttempts.set(stage, [...known, attempt]);
        return recorded;
      },
      decideOnce: async (_run, _fence, decision) => {
        this.#decision ??= decision;
        return { kind: 'decided', decision: this.#decision };
      },
      recordSlaDue: async (_run, _fence, at) => {
        this.#slaDueAt ??= at;
        return recorded;
      },
      forgetClock: async (_run, _fence, timer) => {
        this.clocks.delete(timer);
        return recorded;
      },
      standing: async () => this.#standing(),
      end: async (_run, _fence, outcome) => {
        this.outcome ??= outcome;
        this.clocks.clear();
        return { kind: 'ended', outcome: this.outcome };
      },
    };
  }
}
