/**
 * The effect that comes next in a saga, made ready before the one before it has ended. Where the worker is given its job in the
 * breath in which the one before ends, its intent is recorded in that breath too: nothing is read, and there is one trip to
 * Redis for each step (decision 64).
 */
import type { EffectIntent, Facts } from '../facts.js';
import type { SagaDefinition } from '../orchestrators/definition.js';
import type { Stage } from '../orchestrators/move.js';
import { stageOf, stepOf } from '../orchestrators/stage-task.js';
import { ENVELOPE_VERSION, type StageJob } from '../schema.js';
import { effectInput, effectOf, intentOf } from './effect-input.js';
import type { Begun } from './job.js';
import type { KeptFacts } from './kept-facts.js';

export interface NextEffect {
  readonly stage: string;
  readonly intent: Omit<EffectIntent, 'at'>;
  readonly begun: Begun;
}

/**
 * Undefined where it is to begin in its own time: it is no first attempt, it is none that a worker brings about, it cannot be made
 * (which its own attempt then says), or a person would have to say whether it had happened, were its worker to die between its
 * intent and it.
 *
 * @param facts `kept`, made anew; they become the effect's own
 */
export function nextEffect(
  definition: SagaDefinition,
  kept: KeptFacts,
  facts: Facts,
  stages: readonly Stage[],
): NextEffect | undefined {
  const [next, ...more] = stages;
  if (!next || more.length > 0 || (next.kind !== 'step' && next.kind !== 'undo')) return undefined;
  const { kind, stage } = next;
  const [step, task] = [stepOf(definition.steps, { kind, stage }), stageOf(definition, { kind, stage })];
  if (!step || !task || task.runs || task.waits || task.foreign) return undefined;
  if (task.effect.kind === 'unsafe' || (step.pivot && kind === 'step')) return undefined;
  const { record } = kept.facts;
  const isFirst = !record.intents.has(stage) && !record.failedAttempts.has(stage) && !record.answeredFor.has(stage);
  if (!isFirst) return undefined;
  const { name: workflow, version } = definition;
  const job: StageJob = { v: ENVELOPE_VERSION, run: record.id, workflow, version, kind, stage, after: 0 };
  const effect = effectOf({ definition, step, stage: job, task, facts });
  try {
    const input = effectInput(effect);
    // What cannot be JSON must not be found out when it is sent: that would be the failure of the step before.
    const intent: ReturnType<typeof intentOf> = JSON.parse(JSON.stringify(intentOf(effect, 1)));
    return { stage, intent, begun: { facts, kept, input } };
  } catch {
    return undefined;
  }
}
