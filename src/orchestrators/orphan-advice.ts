/** What is told of an effect without a run: why, and what a person can do. Nothing is done here; who lost what is a guess. Pure. */

import type { RunRecord } from '../facts.js';
import { effectKey, isKeyedRunId } from '../names.js';
import type { StepDefinition, WorkflowDefinition } from './definition.js';
import { undoStage } from './move.js';
import { isUndo, type KeyedEffect, type OrphanKind, stepOfEffect } from './orphans.js';

/** The call that takes an effect back, as far as the definition tells. */
export interface OrphanUndo {
  /** Name of the undo's task; of an MCP tool, its capability. */
  readonly task: string;
  /** The key that the run would give to it. */
  readonly key: string;
  /** Absent where they cannot be made: the run's input is lost, or the definition needs the lost output. */
  readonly args?: unknown;
}

export interface Orphan {
  readonly kind: OrphanKind;
  readonly key: string;
  readonly run: string;
  readonly stage: string;
  readonly tool: string;
  /** When it happened, where the service tells. */
  readonly at?: number;
  readonly reason: string;
  /** What to do. */
  readonly advice: string;
  readonly undo?: OrphanUndo;
}

/** @param record undefined where there is no run */
export function orphanOf(
  kind: OrphanKind,
  effect: KeyedEffect,
  definition: WorkflowDefinition,
  record: RunRecord | undefined,
): Orphan {
  const { key, run, stage, tool, at } = effect;
  const step = stepOfEffect(definition, effect);
  const undo = step && !isUndo(effect) ? undoOf(definition, step, effect, record) : undefined;
  return {
    kind,
    key,
    run,
    stage,
    tool,
    ...(at !== undefined && { at }),
    reason: reasonOf(kind, effect, record),
    advice: adviceOf(kind, effect, record, undo),
    ...(undo && { undo }),
  };
}

function undoOf(
  definition: WorkflowDefinition,
  { name, undo }: StepDefinition,
  { run, key }: KeyedEffect,
  record: RunRecord | undefined,
): OrphanUndo | undefined {
  if (!undo) return undefined;
  const call = { task: undo.run.name, key: effectKey(run, undoStage(name), 1) };
  if (!record) return call;
  const stored = record.done.get(name)?.undoArgs ?? record.intents.get(name)?.undoArgs;
  if (stored !== undefined) return { ...call, args: stored };
  if (record.version !== definition.version) return call;
  try {
    return { ...call, args: undo.with({ input: record.input, key, run, output: undefined }) };
  } catch {
    // It needs the output, which is lost with the record.
    return call;
  }
}

function stateOf(record: RunRecord | undefined): string {
  return record?.outcome ? `ended ${record.outcome.status}` : 'has not ended';
}

function reasonOf(kind: OrphanKind, effect: KeyedEffect, record: RunRecord | undefined): string {
  switch (kind) {
    case 'no-run':
      return effect.at === undefined
        ? 'there is no run of that id: it was lost, or its retention is over'
        : 'there is no run of that id, and it would still be kept: it was lost';
    case 'not-recorded':
      return isUndo(effect)
        ? `the run ${stateOf(record)} and has no record of this undo: it does not know that the step was taken back`
        : `the run ${stateOf(record)} and has no record that this step began: it was lost`;
    case 'left-standing':
      return `the run ${stateOf(record)} and counts this as undone, yet it stands`;
  }
}

function adviceOf(
  kind: OrphanKind,
  effect: KeyedEffect,
  record: RunRecord | undefined,
  undo: OrphanUndo | undefined,
): string {
  const { run, stage, tool } = effect;
  const takeBack = undo
    ? `undo it with ${undo.task}, ${argsText(undo)} and the key ${undo.key}`
    : `look it up at the service of ${tool} by this key, and settle it there`;
  if (kind === 'no-run' && isKeyedRunId(run)) {
    return `submit the run again with its key: it takes the same id, and this effect becomes its own. Or ${takeBack}`;
  }
  if (kind === 'not-recorded' && isUndo(effect)) {
    return record?.outcome
      ? `where the run's result relies on the step of ${stage}, do that step again by hand; its own key is barred`
      : `switchyard cancel ${run}: it undoes the rest, and this undo is not done twice`;
  }
  if (kind === 'not-recorded' && !record?.outcome) {
    return `let the run end and look again: where it comes to this step, the key keeps it from happening twice. If it stands then, ${takeBack}`;
  }
  return takeBack;
}

function argsText({ args }: OrphanUndo): string {
  return args === undefined ? 'arguments from what the service knows of it,' : `arguments ${JSON.stringify(args)}`;
}
