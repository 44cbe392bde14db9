/**
 * What Redis has forgotten of a saga and its jobs still tell. A Redis that lost its last second (power, a failover) may lack
 * the end of an effect, while the worker that recorded it lives on and ends the job. That job's return value says that the
 * effect happened and what came of it, so it is recorded again: a saga that went well is not turned round, and one that was
 * undone asks nobody.
 */
import { OUTPUTS_PAGE } from '../config.js';
import type { EffectDone, Facts, StageFact } from '../facts.js';
import type { SagaDefinition, StepDefinition, WorkflowDefinition } from '../orchestrators/definition.js';
import { undoStage } from '../orchestrators/move.js';
import type { Fence, Fenced, RunLog } from '../ports.js';

/**
 * The facts with every end recorded that a job tells of.
 *
 * @param fence of the job that reads them, whichever of the run's it is
 * @returns undefined when the run is gone by now
 */
export async function recallEnds(
  log: Pick<RunLog, 'read' | 'finishEffect'>,
  fence: Fence,
  definition: WorkflowDefinition,
  facts: Facts,
): Promise<Facts | Fenced | undefined> {
  if (definition.pattern !== 'saga') return facts;
  const names = definition.steps.flatMap(({ name }) => [name, undoStage(name)]);
  const isForgotten = (name: string) => facts.stages.get(name)?.state === 'done' && !facts.record.done.has(name);
  if (!names.some(isForgotten)) return facts;
  const { id: run } = facts.record;
  // Of a saga of very many steps the states alone were read.
  const whole = facts.stages.size > OUTPUTS_PAGE ? await log.read(run, { outputs: 'all' }) : facts;
  if (!whole) return undefined;
  const done = new Map(whole.record.done);
  for (const name of names.filter(isForgotten)) {
    const told = endTold(whole.stages.get(name));
    if (!told) continue;
    const recorded = await log.finishEffect(run, fence, name, told);
    if (recorded.kind === 'fenced-off') return recorded;
    done.set(name, told);
  }
  return { ...whole, record: { ...whole.record, done } };
}

/**
 * An earlier step whose end is not recorded, though its worker has appended this one: Redis has forgotten the record. Mostly that
 * worker is about to end the job that tells of it.
 */
export function forgottenBefore(
  { steps }: SagaDefinition,
  step: StepDefinition,
  { record, stages }: Facts,
): { readonly name: string; readonly state: 'pending' | 'failed' } | undefined {
  for (const { name } of steps.slice(0, steps.indexOf(step))) {
    const state = stages.get(name)?.state;
    if ((state === 'pending' || state === 'failed') && !record.done.has(name)) return { name, state };
  }
  return undefined;
}

/** Undefined for a job that ended by another hand than ours, or by a worker of a version that did not say. */
function endTold(fact: StageFact | undefined): EffectDone | undefined {
  if (fact?.state !== 'done' || !fact.effect) return undefined;
  const { attempt, startedAt, finishedAt, output, undoArgs } = fact;
  return { attempt, startedAt, finishedAt, output, ...(undoArgs !== undefined && { undoArgs }) };
}
