/**
 * Stages that another's worker ran. Nobody has checked what it returned: that is done here, each time the run is read, so
 * that every decision and every view sees the same. Pure.
 */
import { MAX_OUTPUT_BYTES } from '../config.js';
import { type ErrorRecord, SwitchyardError, toSwitchyardError } from '../errors.js';
import type { Facts, StageFact } from '../facts.js';
import { describeQueue } from '../queue-task.js';
import { describeIssues, issuesOf } from '../schema.js';
import type { Task } from '../task.js';
import { tasksOf, type WorkflowDefinition } from './definition.js';
import { foreignStage } from './stage-task.js';

/** The facts with every such stage's output as its schema makes it; one that the schema refuses is a failed stage. */
export function checkForeign(definition: WorkflowDefinition, facts: Facts): Facts {
  if (!tasksOf(definition).some((task) => task.foreign)) return facts;
  const stages = [...facts.stages].map(([stage, fact]): [string, StageFact] => {
    const task = foreignStage(definition, stage);
    return [stage, task ? checked(task, stage, fact) : fact];
  });
  return { record: facts.record, stages: new Map(stages) };
}

function checked(task: Task, stage: string, fact: StageFact): StageFact {
  if (fact.state === 'failed') return { ...fact, error: { ...fact.error, step: stage } };
  // What a very wide run returned is read once it is concluded; BullMQ keeps null for a processor that returns nothing.
  if (fact.state !== 'done' || fact.output === undefined) return fact;
  try {
    return { ...fact, output: takenOutput(task, fact.output) };
  } catch (thrown) {
    const error: ErrorRecord = { ...toSwitchyardError(thrown).toJSON(), step: stage };
    return { state: 'failed', error, ...(fact.foreign && { foreign: fact.foreign }) };
  }
}

/** @throws SwitchyardError TOO_LARGE, BAD_OUTPUT */
function takenOutput(task: Task, output: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes > MAX_OUTPUT_BYTES) {
    throw new SwitchyardError(
      'TOO_LARGE',
      `a worker of queue ${describeQueue(task)} returned ${bytes} bytes of JSON; at most ${MAX_OUTPUT_BYTES} are taken. Have it store the data elsewhere and return a reference to it`,
    );
  }
  const parsed = task.output?.safeParse(output);
  if (!parsed?.error) return parsed?.data ?? null;
  const issues = issuesOf(parsed.error);
  throw new SwitchyardError(
    'BAD_OUTPUT',
    `a worker of queue ${describeQueue(task)} returned what the schema of task "${task.name}" refuses: ${describeIssues(issues)}`,
    { issues },
  );
}

/** Why a stopped run goes on waiting for this stage, where it does. */
export function whyNotStopped(definition: WorkflowDefinition, stage: string): string | undefined {
  const task = foreignStage(definition, stage);
  if (!task) return undefined;
  return `a worker of queue ${describeQueue(task)} has it, and cannot be stopped from here: the run ends when it has ended`;
}
