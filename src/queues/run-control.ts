/** What a person does to a run as a whole: cancel it, say how it goes on, have it retried. From any process that reaches its Redis. */

import type { CallbackRules } from '../callbacks.js';
import type { Facts } from '../facts.js';
import { ATTENTION_QUEUE, type RedisKeys, stageJobId } from '../names.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { attentionStage, type StopRun } from '../orchestrators/move.js';
import { type OperatorRequest, operate } from '../orchestrators/operate.js';
import { retriesOf, retryPlan } from '../orchestrators/retry-plan.js';
import { timersOfRetry } from '../orchestrators/waits.js';
import type { Clock, RunLog, ScriptRunner } from '../ports.js';
import { packJobs } from './bullmq-adds.js';
import { addingScript, wakingScript } from './bullmq-scripts.js';
import { isAwaited } from './is-awaited.js';
import { atEndAgain, type RunJobs } from './run-jobs.js';
import { illegal, kindOf, type Said, stopRefused, unknownRun, unknownWorkflow, wordOf } from './said.js';
import { answeredForOwn, fieldsOf } from './word-fields.js';

const OPERATE_RUN = wakingScript('operate-run');
const REOPEN_RUN = addingScript('reopen-run');

export interface RunControlDependencies {
  readonly scripts: ScriptRunner;
  readonly keys: RedisKeys;
  readonly jobs: RunJobs;
  readonly log: RunLog;
  readonly stop: StopRun;
  readonly clock: Clock;
  readonly definition: (workflow: string, version: number) => WorkflowDefinition | undefined;
  readonly callbacks?: CallbackRules | undefined;
}

export type RunControl = ReturnType<typeof createRunControl>;

export function createRunControl(deps: RunControlDependencies) {
  const { scripts, keys, jobs, log, clock } = deps;

  async function known(run: string): Promise<{ readonly facts: Facts; readonly definition: WorkflowDefinition }> {
    // With the starts, by which a run that has begun is told from one that is queued.
    const facts = await log.read(run, { starts: true });
    if (!facts) throw unknownRun(run);
    const { workflow, version } = facts.record;
    const definition = deps.definition(workflow, version);
    if (definition) return { facts, definition };
    throw unknownWorkflow(facts.record);
  }

  /** @throws SwitchyardError UNKNOWN_RUN, ILLEGAL_STATE */
  async function cancel(run: string, said: Said = {}): Promise<void> {
    const stopped = await deps.stop(run, { cause: 'cancelled', at: clock.now(), ...said });
    const refusal = stopRefused(run, stopped);
    if (refusal) throw refusal;
  }

  /** @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW, ILLEGAL_STATE, INVALID_INPUT */
  async function say(run: string, request: OperatorRequest): Promise<void> {
    const { facts, definition } = await known(run);
    const statement = operate(definition, facts, request, clock.now());
    const again = statement.again === undefined ? '' : jobs.keyOf(definition, run, statement.again);
    const reply = await scripts.run(
      OPERATE_RUN,
      [
        keys.log(run),
        keys.root(run),
        keys.settled,
        keys.job(ATTENTION_QUEUE, stageJobId(run, attentionStage(statement.question))),
      ],
      [
        run,
        statement.from,
        statement.to ?? '',
        keys.indexBase,
        JSON.stringify(statement.word),
        JSON.stringify(fieldsOf(statement)),
        again,
      ],
    );
    if (kindOf(reply) !== 'said') throw illegal(run, 'has moved on in the meantime: look at it again');
  }

  return {
    cancel,
    say,

    /** What `reopen` would do. @throws SwitchyardError as `reopen` */
    async plan(run: string): Promise<'in-place' | 'new-run'> {
      const { facts, definition } = await known(run);
      return retryPlan(definition, facts).kind;
    },

    /**
     * Begins the run anew in its place, keeping what can be kept; resolves to false when nothing of it may be kept, and
     * its input has to be run again as another run.
     * @throws SwitchyardError UNKNOWN_RUN, UNKNOWN_WORKFLOW, ILLEGAL_STATE
     */
    async reopen(run: string, said: Said = {}): Promise<boolean> {
      const { facts, definition } = await known(run);
      const plan = retryPlan(definition, facts);
      if (plan.kind === 'new-run') return false;
      const { record } = facts;
      const timers = timersOfRetry(record, clock.now());
      const packed = packJobs([
        await jobs.root(definition, record, { children: false, delayMs: 0, linked: await isAwaited(log, record) }),
        ...(await Promise.all(timers.map((timer) => jobs.timer(definition, record, timer)))),
        // Each end of a run is told of.
        ...(await Promise.all(atEndAgain(jobs, definition, record, deps.callbacks, retriesOf(record) + 1))),
      ]);
      const again = plan.again.map((stage) => ({ stage, job: jobs.keyOf(definition, run, stage) }));
      const reply = await scripts.run(
        REOPEN_RUN,
        [keys.log(run), keys.root(run), ...packed.keys],
        [
          run,
          record.outcome?.status ?? '',
          keys.indexBase,
          JSON.stringify(wordOf('retry', undefined, clock.now(), said)),
          JSON.stringify(answeredForOwn(facts)),
          JSON.stringify(again),
          ...packed.args,
        ],
      );
      if (kindOf(reply) === 'not-yet') {
        throw illegal(run, 'has ended, and a worker still has a job of it: retry it again in a moment');
      }
      if (kindOf(reply) !== 'reopened') throw illegal(run, 'has moved on in the meantime: look at it again');
      return true;
    },
  };
}
