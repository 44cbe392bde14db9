/** What people, other systems and clocks say of a run in memory: `queues/answer-stage.ts` and `run-control.ts` without Redis. */
import type { Answer, OperatorWord } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { type OperatorRequest, operate } from '../orchestrators/operate.js';
import { retryPlan } from '../orchestrators/retry-plan.js';
import { waitStage } from '../orchestrators/stage-task.js';
import { timersOfRetry } from '../orchestrators/waits.js';
import type { Clock, RunLog } from '../ports.js';
import {
  answerOfDeadline,
  answerRefused,
  approvalOf,
  type Given,
  rejectionOf,
  signalOf,
} from '../queues/answers-given.js';
import { stopWhenDecided } from '../queues/decided-fan-out.js';
import { illegal, type Said, type SaidAbout, stopRefused, wordOf } from '../queues/said.js';
import { answeredForOwn } from '../queues/word-fields.js';
import type { MemoryQueue } from './memory-queue.js';
import type { MemoryRun } from './memory-run.js';

interface Parts {
  readonly run: MemoryRun;
  readonly queue: MemoryQueue;
  readonly log: RunLog;
  readonly definition: WorkflowDefinition;
  readonly clock: Clock;
}

export type MemoryWords = ReturnType<typeof createMemoryWords>;

export function createMemoryWords({ run, queue, log, definition, clock }: Parts) {
  async function answer(
    stage: string,
    given: Answer,
    how: { readonly early: boolean; readonly word?: OperatorWord },
  ): Promise<void> {
    const reply = run.answer(stage, given, how);
    if (reply !== 'answered') throw answerRefused(run.id, stage, reply);
    await stopWhenDecided({ log, stop: queue.stop, clock }, run.id, definition);
  }
  const byPerson = ({ stage, answer: given, word }: Given) =>
    answer(stage, given, { early: false, ...(word && { word }) });

  return {
    approve: async (said: SaidAbout = {}) => await byPerson(approvalOf(run.facts(), said, clock.now())),
    reject: async (said: SaidAbout = {}) => await byPerson(rejectionOf(run.facts(), said, clock.now())),
    signal: async (stage: string, value: unknown) =>
      await answer(stage, signalOf(definition, stage, value, clock.now()).answer, { early: true }),

    async answerAtDeadline(stage: string): Promise<void> {
      const waits = waitStage(definition, stage)?.waits;
      // One that was answered in time is left alone.
      if (waits && run.isPending(stage)) await answer(stage, answerOfDeadline(waits, clock.now()), { early: false });
    },

    async cancel(said: Said = {}): Promise<void> {
      const stopped = await queue.stop(run.id, { cause: 'cancelled', at: clock.now(), ...said });
      const refusal = stopRefused(run.id, stopped);
      if (refusal) throw refusal;
    },

    async say(request: OperatorRequest): Promise<void> {
      if (run.say(operate(definition, run.facts(), request, clock.now())) !== 'said') throw movedOn(run);
    },

    /** Whether it goes on in its place; if not, its input is to be run again. @throws SwitchyardError ILLEGAL_STATE */
    async reopen(said: Said = {}): Promise<boolean> {
      const facts = run.facts();
      const plan = retryPlan(definition, facts);
      if (plan.kind === 'new-run') return false;
      const word = wordOf('retry', undefined, clock.now(), said);
      const timers = timersOfRetry(facts.record, clock.now());
      const reopened = queue.reopen(timers, facts.record.createdAt, () =>
        run.reopen(word, answeredForOwn(facts), plan.again),
      );
      if (!reopened) throw illegal(run.id, 'has ended, and a job of it is still at work: retry it again in a moment');
      return true;
    },
  };
}

function movedOn({ id }: MemoryRun) {
  return illegal(id, 'has moved on in the meantime: look at it again');
}
