/** What an effect is given, and what is needed to take it back: both by functions of its definition. */
import { SwitchyardError, toSwitchyardError } from '../errors.js';
import type { EffectIntent, Facts } from '../facts.js';
import { effectKey } from '../names.js';
import type { SagaDefinition, StepDefinition } from '../orchestrators/definition.js';
import { stepFacts } from '../orchestrators/stage-task.js';
import type { StageJob } from '../schema.js';
import type { Task } from '../task.js';

/** A saga's step, or the undo of one, as one of its attempts sees it. */
export interface Effect {
  readonly definition: SagaDefinition;
  readonly step: StepDefinition;
  readonly stage: StageJob;
  readonly task: Task;
  /** Its own: what the definition's functions change in them reaches nobody else. */
  readonly facts: Facts;
  readonly key: string;
}

export function effectOf(of: Omit<Effect, 'key'>): Effect {
  return { ...of, key: effectKey(of.stage.run, of.stage.stage, 1) };
}

/** What is recorded of an attempt before its effect, but for when it began. */
export function intentOf(effect: Effect, attempt: number): Omit<EffectIntent, 'at'> {
  const { key, stage } = effect;
  return { attempt, key, ...(stage.kind === 'step' && { undoArgs: undoArgs(effect, undefined) }) };
}

/** What the task is given: from the run's input and the steps before it; for an undo, what was stored with the intent. */
export function effectInput(effect: Effect): unknown {
  const { stage, facts } = effect;
  if (stage.kind === 'undo') return storedUndoArgs(effect) ?? undoArgs(effect, undefined);
  return definitionsOwn(effect, 'with', () => effect.step.with(stepFacts(facts, stage.stage)));
}

/** None where a Redis that lost its last second has forgotten them: they are then made again, without the output. */
function storedUndoArgs({ step, facts: { record } }: Effect): unknown {
  return record.done.get(step.name)?.undoArgs ?? record.intents.get(step.name)?.undoArgs;
}

export function undoArgs(effect: Effect, output: unknown): unknown {
  const { step, stage, facts } = effect;
  const { undo } = step;
  if (!undo) return undefined;
  const key = effectKey(stage.run, step.name, 1);
  return definitionsOwn(effect, 'undo', () =>
    undo.with({ input: facts.record.input, key, run: facts.record.id, output }),
  );
}

/** Better arguments, now that the output is known; without them those of the intent stand, for the effect has happened. */
export function undoArgsWithOutput(effect: Effect, output: unknown): unknown {
  try {
    return undoArgs(effect, output);
  } catch {
    return undefined;
  }
}

/** Runs a function of the definition; what it throws is the definition's mistake, and trying again would not mend it. */
export function definitionsOwn<T>({ definition, step }: Effect, what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const advice =
      what === 'undo'
        ? ". Make the undo's arguments from the input and the key: the output is undefined until it is recorded"
        : '';
    throw new SwitchyardError(
      'INVALID_DEFINITION',
      `workflow "${definition.name}", step "${step.name}": "${what}" threw: ${toSwitchyardError(error).message}${advice}`,
      { cause: error },
    );
  }
}
