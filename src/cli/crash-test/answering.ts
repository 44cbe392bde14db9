/**
 * Stands in for the people and systems that a run of the crash test waits for: gives each stage its answer when the run asks
 * for it, from outside of all workers, as they would.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createRedisConnections } from '../../adapters/redis-connections.js';
import { createRunLog } from '../../adapters/run-log.js';
import { createScriptRunner } from '../../adapters/scripts.js';
import { RETENTION_DEFAULTS } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import { isSettledStatus } from '../../facts.js';
import { redisKeys } from '../../names.js';
import { tasksOf } from '../../orchestrators/definition.js';
import type { RunDocument } from '../../orchestrators/timeline.js';
import type { Logger } from '../../ports.js';
import type { Run } from '../../queues/run-handle.js';
import { type AnswerGiven, answerTo, deadlineOf } from './answers.js';
import type { Order } from './order.js';
import type { Subject } from './subject.js';

/** Each look reads the run. */
const LOOK_MS = 50;

export interface SettledRun {
  readonly run: RunDocument;
  /** The stage that it waits with, for an answer that nobody gives. */
  readonly unanswered?: string;
}

export interface Answering {
  /** The run once it has ended, or waits for a person whom nobody stands in for; or as it is after `limitMs`. */
  settled(run: Run, order: Order, limitMs: number): Promise<SettledRun>;
  close(): void;
}

export interface AnsweringOptions {
  readonly subject: Subject;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly log: Logger;
}

export function createAnswering({ subject, redisUrl, prefix, log }: AnsweringOptions): Answering {
  const { workflow, answers = {} } = subject;
  // What never waits is not looked at.
  if (!tasksOf(workflow).some(({ waits }) => waits)) {
    return { settled: async (run, _order, limitMs) => ({ run: await run.wait(limitMs) }), close: () => undefined };
  }
  const connections = createRedisConnections(redisUrl, log, prefix);
  const records = createRunLog(createScriptRunner(connections.open('producer')), redisKeys(prefix), RETENTION_DEFAULTS);

  /** Gives what can be given; returns the stage that nobody answers within the limit. */
  async function answer(run: Run, order: Order, limitMs: number): Promise<string | undefined> {
    const facts = await records.read(run.id);
    const open = [...(facts?.record.asked ?? [])].filter(([stage]) => facts?.stages.get(stage)?.state === 'pending');
    let unanswered: string | undefined;
    for (const [stage, { of }] of open) {
      const given = answerTo(workflow, answers, { stage, of }, order);
      if (given) await give(run, stage, given);
      else if ((deadlineOf(workflow, stage) ?? Number.POSITIVE_INFINITY) > limitMs) unanswered = stage;
    }
    return unanswered;
  }

  return {
    async settled(run, order, limitMs) {
      const giveUpAt = Date.now() + limitMs;
      for (;;) {
        const unanswered = await answer(run, order, limitMs);
        const now = await run.describe();
        if (unanswered !== undefined) return { run: now, unanswered };
        // An approval that was answered just now, or that its deadline answers, is not the end of the matter.
        const isOver = isSettledStatus(now.status) && now.status !== 'waiting_approval';
        if (isOver || Date.now() >= giveUpAt) return { run: now };
        await delay(LOOK_MS);
      }
    },
    close: () => connections.close(),
  };
}

/** An answer that comes too late, or twice, is refused: the run goes on without it. */
async function give(run: Run, stage: string, given: AnswerGiven): Promise<void> {
  try {
    if (given.kind === 'signal') await run.signal(stage, given.value);
    else if (given.kind === 'cancel') await run.cancel();
    else await run[given.kind]({ stage });
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError && thrown.code === 'ILLEGAL_STATE')) throw thrown;
  }
}
