/**
 * A saga's step, or the undo of one. The order is the promise: the intent, with what is needed to take the effect back, is
 * recorded before the effect, by this job or in the script that ended the one before it; the end after it; the next stage is
 * appended before this job completes, so the root cannot wake in between. Each write is refused once another attempt of this
 * job has begun.
 */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { EffectDone, EffectIntent, Facts, FailedAttempt } from '../facts.js';
import type { WorkflowDefinition } from '../orchestrators/definition.js';
import { isPostponement } from '../orchestrators/postpone.js';
import { stepOf } from '../orchestrators/stage-task.js';
import type { Fenced } from '../ports.js';
import type { StageJob } from '../schema.js';
import type { Task } from '../task.js';
import { attemptTask } from './attempt.js';
import { endEffect, type Outcome } from './effect-end.js';
import { definitionsOwn, type Effect, effectInput, effectOf, intentOf, undoArgsWithOutput } from './effect-input.js';
import { type ActiveJob, type Handled, type ProcessorDependencies, putBack } from './job.js';
import { keepFacts } from './kept-facts.js';
import { runNested } from './nested.js';
import { forgottenBefore, recallEnds } from './recall.js';

export async function runEffect(
  deps: ProcessorDependencies,
  job: ActiveJob,
  stage: StageJob,
  definition: WorkflowDefinition,
  task: Task,
): Promise<Handled> {
  const step = definition.pattern === 'saga' ? stepOf(definition.steps, stage) : undefined;
  // One whose run was stopped before its job could be told asks whether it may go on, like one that has not begun.
  const begun = stage.kind === 'step' && deps.isStopping(stage.run) ? undefined : job.begun;
  const facts = begun ? begun.facts : await readFacts(deps, job, stage, definition);
  if (facts && 'kind' in facts) return facts;
  if (definition.pattern !== 'saga' || !step || !facts) {
    throw new SwitchyardError(
      'INVALID_JOB',
      `job "${job.id}" belongs to no saga that is known: its run's record is gone, or the job was added by hand`,
    );
  }
  const forgotten = stage.kind === 'step' && !begun && forgottenBefore(definition, step, facts);
  if (forgotten && forgotten.state === 'pending') return putBack(job);
  if (forgotten) {
    const message = `"${stage.stage}" was not begun: "${forgotten.name}" before it failed, after Redis had forgotten its end`;
    throw new SwitchyardError('CANCELLED', message);
  }
  // Before any function of the definition is given them.
  const kept = begun?.kept ?? keepFacts(facts);
  const effect = effectOf({ definition, step, stage, task, facts });
  const outcome = begun ? await go(deps, job, effect, begun.input) : await doOnce(deps, job, effect);
  return 'kind' in outcome ? outcome : await endEffect(deps, job, { ...effect, kept }, outcome);
}

async function readFacts(
  deps: ProcessorDependencies,
  job: ActiveJob,
  { run }: StageJob,
  definition: WorkflowDefinition,
): Promise<Facts | Fenced | undefined> {
  const read = await deps.log.read(run);
  return read && (await recallEnds(deps.log, job.fence, definition, read));
}

/** The effect itself, once its intent is recorded. */
async function go(deps: ProcessorDependencies, job: ActiveJob, effect: Effect, input: unknown): Promise<Outcome> {
  return doneWith(deps, job, effect, await attempt(deps, job, effect, input));
}

/** Brings the effect about, unless it is recorded already. */
async function doOnce(deps: ProcessorDependencies, job: ActiveJob, effect: Effect): Promise<Outcome | Handled> {
  const { facts, stage, task } = effect;
  const recorded = facts.record.done.get(stage.stage);
  if (recorded) return { done: recorded, isRecorded: true };
  if (task.runs && facts.record.nested?.has(stage.stage)) return await nestedStep(deps, job, effect, undefined);
  const input = effectInput(effect);
  const intent: EffectIntent = { ...intentOf(effect, job.attempt), at: job.startedAt };
  const way = stage.kind === 'step' ? 'forward' : 'back';
  const begun = await deps.log.beginEffect(stage.run, job.fence, stage.stage, intent, way);
  if (begun.kind === 'fenced-off') return begun;
  if (begun.kind === 'stopped') {
    throw new SwitchyardError('CANCELLED', `"${stage.stage}" was not begun: the run is to stop`);
  }
  if (begun.kind === 'already-done') return { done: begun.done, isRecorded: true };
  if (task.runs) return await nestedStep(deps, job, effect, input);
  if (begun.previous && !isBy(begun.previous, job) && wasLost(begun.previous, effect)) {
    const found = await afterLostAnswer(deps, job, effect, begun.previous);
    if (found) return doneWith(deps, job, effect, found.output);
  }
  return await go(deps, job, effect, input);
}

/** A step that is a whole run: it sleeps until that has ended. Its key is the stage's, so it is safe to repeat. */
async function nestedStep(
  deps: ProcessorDependencies,
  job: ActiveJob,
  effect: Effect,
  input: unknown,
): Promise<Outcome | Handled> {
  const { stage, task, facts } = effect;
  const result = await runNested(deps, { stage, task, facts, input: () => input ?? effectInput(effect) });
  if ('kind' in result) return result;
  return doneWith(deps, { ...job, startedAt: result.startedAt }, effect, result.output);
}

async function attempt(deps: ProcessorDependencies, job: ActiveJob, effect: Effect, input: unknown): Promise<unknown> {
  const { stage, task, step } = effect;
  try {
    return await attemptTask(deps, job, { run: stage.run, stage: stage.stage, task, input });
  } catch (thrown) {
    const error = toSwitchyardError(thrown);
    if (error.answered !== false || job.signal.aborted) throw error;
    const canAsk = stage.kind === 'step' && step.find !== undefined;
    if (!canAsk && task.effect.kind === 'unsafe') throw inDoubt(effect, error.message);
    // No later attempt will ask whether it happened, so this one does.
    const found = canAsk && job.isLastAttempt ? await findAtOnce(deps, job, effect) : undefined;
    if (found) return found.output;
    throw error;
  }
}

/**
 * Whether the answer of any earlier attempt never arrived: it timed out, its server died, or its worker did. Any, not the
 * last: the one after it may have failed while it asked what had become of the first, and that says nothing of the effect.
 */
function wasLost(previous: EffectIntent, { facts, stage }: Effect): boolean {
  // What a person has answered for is known, whatever became of its answer.
  const known = facts.record.answeredFor.get(stage.stage) ?? 0;
  if (previous.attempt <= known) return false;
  const ended = (facts.record.failedAttempts.get(stage.stage) ?? []).filter(({ n }) => n > known);
  return !ended.some((entry) => isEndOf(entry, previous)) || ended.some((entry) => entry.error.answered === false);
}

/** This attempt began ahead, and came too late to go on from there; its intent may say other things where the definition's functions do. */
function isBy({ attempt, at }: EffectIntent, job: ActiveJob): boolean {
  return attempt === job.attempt && at === job.startedAt;
}

/** By its start as well: a job that was removed by hand and appended again counts its attempts anew. */
function isEndOf(entry: FailedAttempt, { attempt, at }: EffectIntent): boolean {
  return entry.n === attempt && (entry.startedAt === at || entry.finishedAt === null);
}

/** Before an effect that may have happened is repeated: ask where the tool can tell, and stop where nobody can. */
async function afterLostAnswer(
  deps: ProcessorDependencies,
  job: ActiveJob,
  effect: Effect,
  previous: EffectIntent,
): Promise<{ readonly output: unknown } | undefined> {
  const { stage, step, task } = effect;
  await recordLostWorker(deps, job, effect, previous);
  if (stage.kind === 'step' && step.find) return await findEffect(deps, job, effect);
  if (task.effect.kind === 'unsafe') throw inDoubt(effect, 'the answer of an earlier attempt was lost');
  return undefined;
}

/** What the tool says of an effect whose answer was lost; undefined when it has not happened. */
async function findEffect(
  deps: ProcessorDependencies,
  job: ActiveJob,
  effect: Effect,
): Promise<{ readonly output: unknown } | undefined> {
  const { stage, step, facts, key } = effect;
  const { find } = step;
  if (!find) return undefined;
  const { run } = stage;
  const input = definitionsOwn(effect, 'find', () => find.with({ input: facts.record.input, key, run }));
  const answer = await attemptTask(deps, job, { run, stage: `${stage.stage}.find`, task: find.run, input });
  const output = definitionsOwn(effect, 'find', () => find.found(answer));
  return output === undefined ? undefined : { output };
}

/** When the server that could tell is not asked now, the job is put off; whoever takes it up must still find the doubt. */
async function findAtOnce(...args: Parameters<typeof findEffect>): ReturnType<typeof findEffect> {
  try {
    return await findEffect(...args);
  } catch (thrown) {
    const error = toSwitchyardError(thrown);
    if (!isPostponement(error)) throw thrown;
    throw new SwitchyardError(error.code, error.message, { ...error.toJSON(), answered: false, cause: error });
  }
}

async function recordLostWorker(
  deps: ProcessorDependencies,
  job: ActiveJob,
  { stage, facts }: Effect,
  previous: EffectIntent,
): Promise<void> {
  const attempts = facts.record.failedAttempts.get(stage.stage) ?? [];
  if (attempts.some((entry) => entry.n === previous.attempt)) return;
  const error = new SwitchyardError(
    'WORKER_LOST',
    `the worker of attempt ${previous.attempt} ended before the attempt did`,
    {
      step: stage.stage,
      answered: false,
    },
  );
  await deps.log.recordFailedAttempt(stage.run, job.fence, stage.stage, {
    n: previous.attempt,
    startedAt: previous.at,
    finishedAt: null,
    error: error.toJSON(),
  });
}

function inDoubt({ stage: { stage, kind }, task }: Effect, why: string): SwitchyardError {
  return new SwitchyardError(
    'IN_DOUBT',
    `${kind} "${stage}" may or may not have happened (${why}), and "${task.name}" does not say how it is safe to repeat. Find out at its service; then declare key, idempotent or find, so that the next run can help itself`,
    // Still unanswered: a worker that dies after recording this must not make the next attempt believe otherwise.
    { step: stage, answered: false },
  );
}

function doneWith({ clock }: ProcessorDependencies, job: ActiveJob, effect: Effect, output: unknown): Outcome {
  const done: EffectDone = {
    attempt: job.attempt,
    startedAt: job.startedAt,
    finishedAt: clock.now(),
    output,
    ...(effect.stage.kind === 'step' && { undoArgs: undoArgsWithOutput(effect, output) }),
  };
  return { done, isRecorded: false };
}
