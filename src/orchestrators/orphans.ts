/**
 * Which effects at a service have no run that knows of them: Redis has lost its last second, and they stand. Pure.
 *
 * | the run | the effect | judged |
 * |---|---|---|
 * | any | a step's, undone since | fine: nothing of it stands |
 * | is not there | an undo's | fine: what it took back does not stand |
 * | is not there | happened while ended runs are kept no longer | not judged: the run may be over and forgotten |
 * | is not there | any other | `no-run` |
 * | a fan-out or a router | any | fine: these record no intents |
 * | a saga without intent and end of the stage | a step's | `not-recorded`: an intent comes before its effect, so it was lost |
 * | the same | an undo's, and the step is recorded | `not-recorded`: the run counts on what was taken back |
 * | the same | an undo's, and the step is not recorded either | fine: neither stands, and a person may have undone it |
 * | a saga with the step's undo on record | the step's | `left-standing` |
 * | a saga that ended `failed`, `compensated` or `cancelled` | a step's that has an undo | `left-standing`, unless a person let it stand |
 * | a saga otherwise | any | fine |
 */

import type { RunRecord } from '../facts.js';
import { parseEffectKey } from '../names.js';
import type { KnownRun, KnownRuns } from '../run-knowledge.js';
import type { SagaDefinition, StepDefinition, WorkflowDefinition } from './definition.js';
import { undoStage } from './move.js';

export type OrphanKind = 'no-run' | 'not-recorded' | 'left-standing';

/** An effect as its service lists it, with its key taken apart. */
export interface KeyedEffect {
  readonly key: string;
  readonly run: string;
  readonly workflow: string;
  readonly stage: string;
  readonly tool: string;
  /** Nothing of it stands. */
  readonly undone: boolean;
  /** Milliseconds since the epoch, where the service tells. */
  readonly at?: number;
}

export type Verdict = 'fine' | 'not-judged' | OrphanKind;

const UNDO_SUFFIX = undoStage('');
const FIND_SUFFIX = '.find';

/** Undefined for a key that is none of ours. */
export function keyedEffect(listed: {
  readonly key: string;
  readonly tool: string;
  readonly undone: boolean;
  readonly at?: string | undefined;
}): KeyedEffect | undefined {
  const { key, tool, undone, at } = listed;
  const parts = parseEffectKey(key);
  if (!parts) return undefined;
  const { run, workflow, stage } = parts;
  return { key, run, workflow, stage, tool, undone, ...(at !== undefined && { at: Date.parse(at) }) };
}

export function isUndo({ stage }: Pick<KeyedEffect, 'stage'>): boolean {
  return stage.endsWith(UNDO_SUFFIX);
}

/** The name of the step that the effect is of, or takes back. */
export function stepName({ stage }: Pick<KeyedEffect, 'stage'>): string {
  return isUndo({ stage }) ? stage.slice(0, -UNDO_SUFFIX.length) : stage;
}

/** The step that the effect is of, or takes back. */
export function stepOfEffect(
  definition: WorkflowDefinition | undefined,
  effect: Pick<KeyedEffect, 'stage'>,
): StepDefinition | undefined {
  if (definition?.pattern !== 'saga') return undefined;
  return definition.steps.find(({ name }) => name === stepName(effect));
}

/**
 * @param definition of the version that the run was started with; of the newest one where there is no run, or this version
 *   is not known here
 */
export function judge(effect: KeyedEffect, known: KnownRuns, definition: WorkflowDefinition): Verdict {
  const run = known.runs.get(effect.run);
  const undo = isUndo(effect);
  if (effect.undone && !undo) return 'fine';
  if (!run) {
    if (undo) return 'fine';
    return effect.at !== undefined && effect.at < known.keptSince ? 'not-judged' : 'no-run';
  }
  return definition.pattern === 'saga' ? judgeStage(effect, run, definition) : 'fine';
}

function judgeStage(effect: KeyedEffect, run: KnownRun, definition: SagaDefinition): Verdict {
  const { stage } = effect;
  if (!run.recorded.has(stage)) {
    const counted = isUndo(effect) ? run.recorded.has(stepName(effect)) : !isQuestionOf(definition, stage);
    return counted ? 'not-recorded' : 'fine';
  }
  if (isUndo(effect)) return 'fine';
  if (run.undone.has(stage)) return 'left-standing';
  const claimsNothingStands = run.status === 'failed' || run.status === 'compensated' || run.status === 'cancelled';
  const hasUndo = run.version === definition.version && stepOfEffect(definition, effect)?.undo !== undefined;
  return claimsNothingStands && hasUndo ? 'left-standing' : 'fine';
}

/** Asking whether a step happened is no effect, whatever key it was given. */
function isQuestionOf({ steps }: SagaDefinition, stage: string): boolean {
  return stage.endsWith(FIND_SUFFIX) && steps.some(({ name }) => `${name}${FIND_SUFFIX}` === stage);
}

/** Whether a person has let the step's effect stand, or has answered for its undo. */
export function isAnsweredFor({ outcome, words }: RunRecord, step: string): boolean {
  if (outcome?.notUndone?.includes(step)) return true;
  return words.some(
    ({ command, stage, happened }) => command === 'resolve' && happened === true && stage === undoStage(step),
  );
}
