/** Answering a stage that waits: a person's yes or no, a signal from outside, or what its deadline says. */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Answer, Facts, OperatorWord } from '../facts.js';
import { ATTENTION_QUEUE, type RedisKeys, stageJobId } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { StopRun } from '../orchestrators/move.js';
import { waitStage } from '../orchestrators/stage-task.js';
import type { Clock, RunLog, ScriptRunner } from '../ports.js';
import { answerOfDeadline, answerRefused, approvalOf, type Given, rejectionOf, signalOf } from './answers-given.js';
import { wakingScript } from './bullmq-scripts.js';
import { stopWhenDecided } from './decided-fan-out.js';
import { kindOf, type SaidAbout, unknownRun, unknownWorkflow } from './said.js';

const ANSWER_STAGE = wakingScript('answer-stage');

export interface AnswersDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly log: RunLog;
  readonly stop: StopRun;
  readonly clock: Clock;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
}

export type Answers = ReturnType<typeof createAnswers>;

export function createAnswers({ scripts, keys, log, stop, clock, definition: find }: AnswersDependencies) {
  /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
  async function answer(
    run: string,
    stage: string,
    given: Answer,
    how: { readonly queue: string; readonly early: boolean; readonly word?: OperatorWord },
  ): Promise<void> {
    const reply = await scripts.run(
      ANSWER_STAGE,
      [keys.log(run), keys.root(run), keys.settled, keys.job(how.queue, stageJobId(run, stage))],
      [
        run,
        stage,
        JSON.stringify(given),
        how.word ? JSON.stringify(how.word) : '',
        keys.indexBase,
        how.early ? '1' : '0',
        keys.job(ATTENTION_QUEUE, ''),
      ],
    );
    if (kindOf(reply) !== 'answered') throw answerRefused(run, stage, kindOf(reply));
    await afterAnswer(run);
  }

  /** An answer may be the one that decides a fan-out; where its definition is not known here, the reconciler sees to that. */
  async function afterAnswer(run: string): Promise<void> {
    try {
      const record = (await log.read(run))?.record;
      const definition = record && find(record.workflow, record.version);
      if (definition) await stopWhenDecided({ log, stop, clock }, run, definition);
    } catch (thrown) {
      // The answer is given, and must not be reported as refused.
      if (toSwitchyardError(thrown).code !== 'REDIS_UNAVAILABLE') throw thrown;
    }
  }

  async function known(run: string): Promise<Facts> {
    const facts = await log.read(run);
    if (facts) return facts;
    throw unknownRun(run);
  }

  async function byPerson(run: string, { stage, answer: given, word }: Given): Promise<void> {
    await answer(run, stage, given, { queue: ATTENTION_QUEUE, early: false, ...(word && { word }) });
  }

  return {
    /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
    async approve(run: string, said: SaidAbout = {}): Promise<void> {
      await byPerson(run, approvalOf(await known(run), said, clock.now()));
    },

    /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
    async reject(run: string, said: SaidAbout = {}): Promise<void> {
      await byPerson(run, rejectionOf(await known(run), said, clock.now()));
    },

    /** @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW, INVALID_INPUT, ILLEGAL_STATE */
    async signal(run: string, stage: string, value: unknown): Promise<void> {
      const { record } = await known(run);
      const definition = find(record.workflow, record.version);
      if (!definition) throw unknownWorkflow(record);
      const { task, answer: given } = signalOf(definition, stage, value, clock.now());
      await answer(run, stage, given, { queue: task.queue, early: true });
    },

    /** The answer that a stage has when nobody gave one in time; no error when somebody did. */
    async answerAtDeadline(run: string, definition: WorkflowDefinition, stage: string): Promise<void> {
      const task = waitStage(definition, stage);
      if (!task?.waits) return;
      const given = answerOfDeadline(task.waits, clock.now());
      await answer(run, stage, given, { queue: task.queue, early: false }).catch((error: unknown) => {
        if (!(error instanceof SwitchyardError) || (error.code !== 'ILLEGAL_STATE' && error.code !== 'UNKNOWN_RUN'))
          throw error;
      });
    },
  };
}
