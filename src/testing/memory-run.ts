/**
 * One run as Redis keeps it, in memory: the fields of its log, as text, and the children of its root. Each method is one of
 * the scripts, by its name; where the two differ, the script is right. What is read is read by the product's own reader, so
 * a value that JSON changes is changed here too.
 */
import { factsOfReply } from '../adapters/run-facts.js';
import { SwitchyardError } from '../errors.js';
import type { Answer, Asked, Facts, OperatorWord, StopRequest } from '../facts.js';
import { redisKeys, stageJobId, timerJobId } from '../names.js';
import { ATTENTION_SUFFIX, attentionStage, type Phase, type Stopped } from '../orchestrators/move.js';
import type { Statement } from '../orchestrators/operate.js';
import type { Fence } from '../ports.js';
import { fieldsOf } from '../queues/word-fields.js';

/** What one of the scripts replies to an answer. */
export type AnswerReply = 'answered' | 'answered-before' | 'ended' | 'stopping' | 'not-asked';

const keys = redisKeys('memory');

export class MemoryRun {
  /** As the hash `…:log:<run>`. */
  readonly fields: Map<string, string>;
  readonly #pending = new Set<string>();
  readonly #processed = new Map<string, string>();
  readonly #failed = new Map<string, string>();
  readonly #locks = new Map<string, string>();

  constructor(
    readonly id: string,
    fields: Readonly<Record<string, string>>,
  ) {
    this.fields = new Map(Object.entries(fields));
  }

  /** As of this moment: what is decided on must not change under whoever decides. */
  facts(): Facts {
    const child = (stage: string) => keys.job('memory', stageJobId(this.id, stage));
    const flat = (ended: ReadonlyMap<string, string>) => [...ended].flatMap(([stage, text]) => [child(stage), text]);
    const children = [[...this.#pending].map(child), flat(this.#processed), flat(this.#failed)];
    const read = factsOfReply(this.id, [[...this.fields].flat(), ...children, [], 'outputs', []], keys.prefix);
    if (!read) throw new SwitchyardError('INTERNAL', `run ${this.id} of this test has no record`);
    return read.facts;
  }

  get hasEnded(): boolean {
    return this.fields.has('outcome');
  }

  get isToStop(): boolean {
    return this.fields.has('stop');
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  isPending(stage: string): boolean {
    return this.#pending.has(stage);
  }

  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /** When each clock rings that has not been stopped. */
  get clocks(): ReadonlyMap<string, number> {
    return this.hasEnded ? new Map() : (this.facts().record.clocks ?? new Map());
  }

  lock({ lockKey, token }: Fence): void {
    this.#locks.set(lockKey, token);
  }

  unlock({ lockKey }: Fence): void {
    this.#locks.delete(lockKey);
  }

  holds({ lockKey, token }: Fence): boolean {
    return this.#locks.get(lockKey) === token;
  }

  /** As `append-stages.lua` adds a child: at most once in the run's life, and not when it has its answer already. */
  addChild(stage: string, asked: Asked | undefined): boolean {
    const isThere = this.#pending.has(stage) || this.#processed.has(stage) || this.#failed.has(stage);
    if (isThere || (asked && this.fields.has(`answer/${stage}`))) return false;
    this.#pending.add(stage);
    if (asked) this.#set(`asked/${stage}`, asked);
    return true;
  }

  noteClock(timer: string, due: number): void {
    const known = this.#clocks();
    known[clockKey(this.id, timer)] ??= String(due);
    this.#set('clocks', known);
  }

  /** As `forget-clock.lua`. */
  forgetClock(timer: string): void {
    const { [clockKey(this.id, timer)]: _rung, ...others } = this.#clocks();
    if (Object.keys(others).length > 0) this.#set('clocks', others);
    else this.fields.delete('clocks');
  }

  /** As BullMQ ends a child. */
  endChild(stage: string, ended: { readonly value: unknown } | { readonly error: SwitchyardError }): void {
    this.#pending.delete(stage);
    if ('error' in ended) this.#failed.set(stage, ended.error.toReason());
    else this.#processed.set(stage, JSON.stringify(ended.value));
  }

  /** As BullMQ removes a child, and with it what its root knows of it. */
  dropChild(stage: string): void {
    this.#pending.delete(stage);
  }

  /** As `phases.lua`. */
  enterPhase(phase: Phase | undefined): void {
    if (this.hasEnded) return;
    if (phase === undefined) this.fields.delete('phase');
    else this.fields.set('phase', phase);
  }

  /** As `stop-run.lua`; what no worker has goes with the queue's `dropWaiting`. */
  requestStop(request: StopRequest): Stopped {
    const [phase, pivot] = [this.fields.get('phase'), this.fields.get('pivot')];
    if (this.hasEnded) return { kind: 'ended' };
    if (phase === 'compensating' || phase === 'compensation_stuck') return { kind: 'undoing' };
    if (pivot !== undefined && this.fields.has(`intent/${pivot}`)) return { kind: 'past-pivot', step: pivot };
    if (!this.isToStop) this.#set('stop', request);
    this.enterPhase(undefined);
    return { kind: 'stopping' };
  }

  /** As `answer-stage.lua`. @param early whether it may come before the stage waits for it */
  answer(stage: string, given: Answer, { early, word }: { early: boolean; word?: OperatorWord }): AnswerReply {
    const [field, text] = [`answer/${stage}`, JSON.stringify(given)];
    const stands = this.fields.get(field);
    if (stands !== undefined) return stands === text ? 'answered' : 'answered-before';
    if (this.hasEnded) return 'ended';
    if (this.isToStop) return 'stopping';
    if (!early && !this.isPending(stage)) return 'not-asked';
    this.fields.set(field, text);
    this.#count(given, 1);
    if (word) this.#addWord(word);
    this.dropChild(stage);
    if (this.fields.get('phase') === 'waiting_approval' && !this.pending.some((other) => this.#asksPerson(other)))
      this.enterPhase(undefined);
    return 'answered';
  }

  /** As `operate-run.lua`. */
  say(statement: Statement): 'said' | 'moved-on' {
    const { word, from, to, question, again } = statement;
    if (this.hasEnded || this.fields.get('phase') !== from) return 'moved-on';
    if (!this.isPending(attentionStage(question))) return 'moved-on';
    this.#addWord(word);
    for (const [field, value] of Object.entries(fieldsOf(statement))) this.fields.set(field, value);
    if (again !== undefined) this.#failed.delete(again);
    this.enterPhase(to);
    this.dropChild(attentionStage(question));
    return 'said';
  }

  /** As `reopen-run.lua`. */
  reopen(word: OperatorWord, fields: Readonly<Record<string, string>>, again: readonly string[]): void {
    for (const field of ['outcome', 'status', 'finishedAt', 'stop', 'clocks']) this.fields.delete(field);
    this.#addWord(word);
    for (const [field, value] of Object.entries(fields)) this.fields.set(field, value);
    for (const stage of again) {
      const answer = this.fields.get(`answer/${stage}`);
      if (answer !== undefined) this.#count(JSON.parse(answer), -1);
      this.fields.delete(`answer/${stage}`);
      this.#failed.delete(stage);
      this.#processed.delete(stage);
    }
  }

  /** As `standing.lua`. */
  standing() {
    const [completed, failed, planned] = ['answered/completed', 'answered/failed', 'planned'].map((field) =>
      Number(this.fields.get(field) ?? 0),
    );
    return {
      completed: this.#processed.size + (completed ?? 0),
      failed: this.#failed.size + (failed ?? 0),
      planned: planned ?? 0,
    };
  }

  #asksPerson(stage: string): boolean {
    const asked = this.fields.get(`asked/${stage}`);
    const of: unknown = asked === undefined ? undefined : JSON.parse(asked).of;
    return of === 'person' || stage.endsWith(ATTENTION_SUFFIX);
  }

  #count({ error }: Answer, by: number): void {
    const field = error ? 'answered/failed' : 'answered/completed';
    this.fields.set(field, String(Number(this.fields.get(field) ?? 0) + by));
  }

  #addWord(word: OperatorWord): void {
    const n = Number(this.fields.get('words') ?? 0) + 1;
    this.fields.set('words', String(n));
    this.#set(`word/${n}`, word);
  }

  #clocks(): Record<string, string> {
    return JSON.parse(this.fields.get('clocks') ?? '{}');
  }

  #set(field: string, value: unknown): void {
    this.fields.set(field, JSON.stringify(value));
  }
}

function clockKey(run: string, timer: string): string {
  return keys.job('runs', timerJobId(run, timer));
}
