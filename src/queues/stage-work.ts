/** What a stage's job carries and how often it is tried, whatever queue it is added to. */
import { UNDO_ATTEMPTS } from '../config.js';
import type { RunRecord } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import type { Stage } from '../orchestrators/move.js';
import type { StageTask } from '../orchestrators/stage-task.js';
import { ENVELOPE_VERSION, type RootJob, type StageJobData } from '../schema.js';
import { assertJobSize } from './job-size.js';

export interface StageWork {
  readonly data: StageJobData;
  readonly attempts: number;
}

/** With what the data of each of a run's jobs begins; of its root, all of it. */
export function jobHead({ name, version }: Pick<WorkflowDefinition, 'name' | 'version'>, run: string): RootJob {
  return { v: ENVELOPE_VERSION, run, workflow: name, version };
}

/** @throws SwitchyardError TOO_LARGE */
export function stageWork(
  definition: WorkflowDefinition,
  record: RunRecord,
  { kind, stage }: Stage,
  { task, input }: StageTask,
): StageWork {
  const after = attemptsSoFar(record, stage);
  const data: StageJobData = {
    ...jobHead(definition, record.id),
    kind,
    stage,
    ...(input !== undefined && { input }),
    ...(after > 0 && { after }),
  };
  assertJobSize(data, stage);
  const attempts = task?.attempts ?? 1;
  return { data, attempts: kind === 'undo' ? Math.max(UNDO_ATTEMPTS, attempts) : attempts };
}

/** A stage that a person has had tried again goes on counting: its attempts stand in the log under their numbers. */
function attemptsSoFar({ failedAttempts, answeredFor }: RunRecord, stage: string): number {
  return Math.max(failedAttempts.get(stage)?.at(-1)?.n ?? 0, answeredFor.get(stage) ?? 0);
}
