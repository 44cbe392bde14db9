/**
 * How a step or an undo ends once its effect has happened: it is recorded, what comes next is appended, and its job completes.
 * In a worker of ours that is one breath (`finish-effect.lua`). A Worker of somebody else's completes its jobs itself: there
 * the first two come before, in this order, so the root cannot wake in between.
 */
import type { EffectDone } from '../facts.js';
import { stageJobId } from '../names.js';
import { decideSaga } from '../orchestrators/decide-saga.js';
import type { SagaDefinition, StepDefinition } from '../orchestrators/definition.js';
import type { EffectEnd } from '../orchestrators/move.js';
import type { StageJob, StageResult } from '../schema.js';
import type { Task } from '../task.js';
import type { ActiveJob, Handled, ProcessorDependencies } from './job.js';
import { type KeptFacts, keptAfter, madeAnew } from './kept-facts.js';
import { nextEffect } from './next-effect.js';

/** What came of an effect, now or in an earlier attempt, which recorded it. */
export interface Outcome {
  readonly done: EffectDone;
  readonly isRecorded: boolean;
}

export async function endEffect(
  deps: ProcessorDependencies,
  job: ActiveJob,
  of: {
    readonly definition: SagaDefinition;
    readonly stage: StageJob;
    readonly step: StepDefinition;
    readonly task: Task;
    /** Before anybody was given them. */
    readonly kept: KeptFacts;
  },
  { done, isRecorded }: Outcome,
): Promise<Handled> {
  const { definition, step, stage, task, kept } = of;
  const { run } = stage;
  const ended = { stage: stage.stage, done: JSON.stringify(done) };
  // This job still counts as pending; for what comes after it, it has ended.
  const known = keptAfter(kept, { ...ended, fact: { state: 'done', ...done } });
  const now = madeAnew(known);
  // An end is left to the root, which wakes when this job completes.
  const move = decideSaga(definition, now);
  const next = move.kind === 'append' && { definition, facts: now, stages: move.stages, phase: move.phase };
  if (job.takesEnds) {
    // What making the next ready may do to this process must put no effect in doubt that a person would be asked about.
    const isAsked = task.effect.kind === 'unsafe' || (step.pivot && stage.kind === 'step');
    const ready = next && !isAsked && nextEffect(definition, known, now, next.stages);
    const begin = ready && { begin: { stage: ready.stage, intent: ready.intent } };
    const end: EffectEnd = { run, ...ended, ...(next && { next: { ...next, ...begin } }) };
    const then = ready && { next: { job: stageJobId(run, ready.stage), begun: ready.begun } };
    return { kind: 'completed', value: resultOf(done, null), end, ...then };
  }
  if (!isRecorded) {
    const recorded = await deps.log.finishEffect(run, job.fence, stage.stage, done);
    if (recorded.kind === 'fenced-off') return recorded;
  }
  if (next) {
    const appended = await deps.append(definition, now, job.fence, next.stages, next.phase);
    if (appended.kind === 'fenced-off') return appended;
    // Where the run is to stop, or cannot be planned, the root turns it round when this job has completed.
  }
  return { kind: 'completed', value: telling(stage, done) };
}

/** All of the record that somebody may need of it: Redis may have forgotten that by then, see `recall.ts`. */
function telling(stage: StageJob, done: EffectDone): StageResult {
  // What an undo answered, no stage is given.
  const output = stage.kind === 'step' ? done.output : null;
  return {
    effect: true,
    ...(done.undoArgs !== undefined && { undoArgs: done.undoArgs }),
    ...resultOf(done, output),
  };
}

function resultOf({ attempt, startedAt, finishedAt }: EffectDone, output: unknown): StageResult {
  return { output, attempt, startedAt, finishedAt };
}
