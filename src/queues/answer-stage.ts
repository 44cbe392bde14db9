/** Answering a stage that waits: a person's yes or no, a signal from outside, or what its deadline says. */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Answer, OperatorWord } from '../facts.js';
import { ATTENTION_QUEUE, type RedisKeys, stageJobId } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { StopRun } from '../orchestrators/move.js';
import { waitStage } from '../orchestrators/stage-task.js';
import type { Clock, RunLog, ScriptRunner } from '../ports.js';
import { describeIssues, issuesOf } from '../schema.js';
import { wakingScript } from './bullmq-scripts.js';
import { stopWhenDecided } from './decided-fan-out.js';
import { illegal, kindOf, type Said, unknownRun, unknownWorkflow, wordOf } from './said.js';

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
    switch (kindOf(reply)) {
      case 'answered':
        return await afterAnswer(run);
      case 'unknown':
        throw unknownRun(run);
      case 'answered-before':
        throw illegal(run, `has its answer to "${stage}" already; the first one stands`);
      case 'stopping':
        throw illegal(run, 'is to stop, and takes no answers any more');
      case 'ended':
        throw illegal(run, 'has ended');
      default:
        throw illegal(run, `does not ask about "${stage}" now`);
    }
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

  /** The stage that a run waits with for a person's yes or no: the named one, or the only one. */
  async function openApproval(run: string, stage: string | undefined): Promise<string> {
    const facts = await log.read(run);
    if (!facts) throw unknownRun(run);
    const open = [...facts.record.asked]
      .filter(([name, { of }]) => of === 'person' && facts.stages.get(name)?.state === 'pending')
      .map(([name]) => name);
    const [only] = open;
    if (stage !== undefined && open.includes(stage)) return stage;
    if (stage === undefined && only !== undefined && open.length === 1) return only;
    const asks = open.length > 0 ? `it asks about ${open.join(', ')}: name one` : 'it waits for no approval';
    throw illegal(run, stage === undefined ? `cannot be answered: ${asks}` : `does not ask about "${stage}": ${asks}`);
  }

  return {
    /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
    async approve(run: string, { stage, by, reason }: Said & { readonly stage?: string } = {}): Promise<void> {
      const about = await openApproval(run, stage);
      const at = clock.now();
      const output = { at, ...(by !== undefined && { by }), ...(reason !== undefined && { note: reason }) };
      const word = wordOf('approve', about, at, { by, reason });
      await answer(run, about, { at, output }, { queue: ATTENTION_QUEUE, early: false, word });
    },

    /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
    async reject(run: string, { stage, by, reason }: Said & { readonly stage?: string } = {}): Promise<void> {
      const about = await openApproval(run, stage);
      const at = clock.now();
      const message = `rejected${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}`;
      const error = { code: 'REJECTED', message, retryable: false, step: about } as const;
      const word = wordOf('reject', about, at, { by, reason });
      await answer(run, about, { at, error }, { queue: ATTENTION_QUEUE, early: false, word });
    },

    /** @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW, INVALID_INPUT, ILLEGAL_STATE */
    async signal(run: string, stage: string, value: unknown): Promise<void> {
      const facts = await log.read(run);
      if (!facts) throw unknownRun(run);
      const definition = find(facts.record.workflow, facts.record.version);
      if (!definition) throw unknownWorkflow(facts.record);
      const task = waitStage(definition, stage);
      if (task?.waits?.for !== 'signal') {
        throw new SwitchyardError('INVALID_INPUT', `workflow "${definition.name}" waits for no signal "${stage}"`);
      }
      const parsed = task.output?.safeParse(value);
      if (parsed && !parsed.success) {
        const issues = issuesOf(parsed.error);
        throw new SwitchyardError('INVALID_INPUT', `signal "${stage}" refuses this value: ${describeIssues(issues)}`, {
          issues,
        });
      }
      await answer(
        run,
        stage,
        { at: clock.now(), output: parsed?.data ?? value ?? null },
        { queue: task.queue, early: true },
      );
    },

    /** The answer that a stage has when nobody gave one in time; no error when somebody did. */
    async answerAtDeadline(run: string, definition: WorkflowDefinition, stage: string): Promise<void> {
      const task = waitStage(definition, stage);
      if (!task?.waits) return;
      const at = clock.now();
      const { atDeadline } = task.waits;
      const given: Answer =
        'error' in atDeadline ? { at, error: atDeadline.error } : { at, output: timed(atDeadline, task.waits.for, at) };
      await answer(run, stage, given, { queue: task.queue, early: false }).catch((error: unknown) => {
        if (!(error instanceof SwitchyardError) || (error.code !== 'ILLEGAL_STATE' && error.code !== 'UNKNOWN_RUN'))
          throw error;
      });
    },
  };
}

/** An approval that the deadline gave says when; a signal's default is what it is. */
function timed({ output }: { readonly output: unknown }, of: 'person' | 'signal', at: number): unknown {
  return of === 'person' ? { at } : output;
}
