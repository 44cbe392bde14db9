/** The port `RunLog` on a run in memory. `test/contract/run-log` holds it to the same rules as the one on Redis. */
import type { EffectDone, EffectIntent, RunOutcome } from '../facts.js';
import type { Fence, Fenced, RunLog } from '../ports.js';
import type { MemoryRun } from './memory-run.js';

const FENCED: Fenced = { kind: 'fenced-off' };

export function createMemoryLog(memory: MemoryRun): RunLog {
  const { fields } = memory;

  /** As `record-once.lua`: the first record stands. */
  function recordOnce(fence: Fence, field: string, value: unknown): string | undefined {
    if (!memory.holds(fence)) return undefined;
    const stands = fields.get(field) ?? JSON.stringify(value);
    fields.set(field, stands);
    if (field.startsWith('attempt/')) fields.set('tried', '1');
    return stands;
  }
  const recorded = (stands: string | undefined) => (stands === undefined ? FENCED : ({ kind: 'recorded' } as const));

  return {
    read: async (run) => (run === memory.id ? memory.facts() : undefined),
    mark: async (run) => (run === memory.id ? { stopping: memory.isToStop } : undefined),

    async lostAnswer(_run, stage, { after, before }) {
      const { answeredFor, failedAttempts } = memory.facts().record;
      const from = Math.max(after, answeredFor.get(stage) ?? 0);
      return (failedAttempts.get(stage) ?? []).some(
        ({ n, error }) => n > from && n < before && error.answered === false,
      );
    },

    /** As `begin-effect.lua`. */
    async beginEffect(_run, fence, stage, intent, way) {
      if (!memory.holds(fence)) return FENCED;
      const done = fields.get(`done/${stage}`);
      if (done !== undefined) return { kind: 'already-done', done: parse<EffectDone>(done) };
      if (way === 'forward' && memory.isToStop) return { kind: 'stopped' };
      const [field, text] = [`intent/${stage}`, JSON.stringify(intent)];
      const previous = fields.get(field);
      fields.set(field, text);
      if (previous === undefined || previous === text) return { kind: 'begun' };
      return { kind: 'begun', previous: parse<EffectIntent>(previous) };
    },

    finishEffect: async (_run, fence, stage, done) => recorded(recordOnce(fence, `done/${stage}`, done)),
    recordFailedAttempt: async (_run, fence, stage, attempt) =>
      recorded(recordOnce(fence, `attempt/${stage}/${attempt.n}`, attempt)),
    recordSlaDue: async (_run, fence, at) => recorded(recordOnce(fence, 'slaDueAt', at)),

    async decideOnce(_run, fence, decision) {
      const stands = recordOnce(fence, 'decision', decision);
      return stands === undefined ? FENCED : { kind: 'decided', decision: parse<unknown>(stands) };
    },

    async forgetClock(_run, fence, timer) {
      if (!memory.holds(fence)) return FENCED;
      memory.forgetClock(timer);
      return { kind: 'recorded' };
    },

    standing: async () => memory.standing(),

    /** As `end-run.lua`. When its clocks were due is kept with the run, for whoever has it go on. */
    async end(_run, fence, outcome) {
      if (!memory.holds(fence)) return FENCED;
      const stands = fields.get('outcome');
      if (stands !== undefined) return { kind: 'ended', outcome: parse<RunOutcome>(stands) };
      const text = JSON.stringify(outcome);
      fields.delete('phase');
      fields.set('outcome', text);
      fields.set('status', outcome.status);
      fields.set('finishedAt', String(outcome.finishedAt));
      return { kind: 'ended', outcome: parse<RunOutcome>(text) };
    },
  };
}

function parse<T>(json: string): T {
  return JSON.parse(json) as T;
}
