/** Facts of a run for tests of the pure decisions, from the little that each test cares about. */
import type { ErrorRecord } from '../../src/errors.js';
import type { Asked, EffectDone, EffectIntent, Facts, FailedAttempt, RunRecord, StageFact } from '../../src/facts.js';

export const BOOM: ErrorRecord = { code: 'TASK_FAILED', message: 'boom', retryable: false };

export const pending: StageFact = { state: 'pending' };

export const succeeded = (output: unknown = null): StageFact => ({
  state: 'done',
  output,
  attempt: 1,
  startedAt: 10,
  finishedAt: 20,
});

export const failed = (error: ErrorRecord = BOOM): StageFact => ({ state: 'failed', error });

export interface Known
  extends Partial<Pick<RunRecord, 'phase' | 'decision' | 'outcome' | 'input' | 'stop' | 'slaDueAt' | 'words'>> {
  readonly stages?: Readonly<Record<string, StageFact>>;
  /** Stages whose intent was recorded. */
  readonly intents?: readonly string[];
  /** Stages whose end was recorded, with their output. */
  readonly done?: Readonly<Record<string, unknown>>;
  readonly failedAttempts?: Readonly<Record<string, readonly FailedAttempt[]>>;
  readonly answeredFor?: Readonly<Record<string, number>>;
  readonly asked?: Readonly<Record<string, Asked>>;
}

export function factsOf({
  stages = {},
  intents = [],
  done = {},
  failedAttempts = {},
  answeredFor = {},
  asked = {},
  ...record
}: Known = {}): Facts {
  const intent: EffectIntent = { attempt: 1, at: 10, key: 'key' };
  const end = (output: unknown): EffectDone => ({ attempt: 1, startedAt: 10, finishedAt: 20, output });
  return {
    stages: new Map(Object.entries(stages)),
    record: {
      id: 'flow-0-t1',
      workflow: 'flow',
      version: 1,
      input: {},
      inputHash: 'hash',
      priority: 'MEDIUM',
      createdAt: 1,
      intents: new Map([...intents, ...Object.keys(done)].map((stage) => [stage, intent])),
      done: new Map(Object.entries(done).map(([stage, output]) => [stage, end(output)])),
      failedAttempts: new Map(Object.entries(failedAttempts)),
      answeredFor: new Map(Object.entries(answeredFor)),
      asked: new Map(Object.entries(asked)),
      words: [],
      ...record,
    },
  };
}

export const failedAttempt = (n: number, error: ErrorRecord = BOOM): FailedAttempt => ({
  n,
  startedAt: 10 * n,
  finishedAt: 10 * n + 5,
  error,
});
