/**
 * The cases of a workflow. Pure: which boundaries there are is not assumed but taken from runs that nothing disturbed, so that
 * a case exists for each boundary that the engine really passes.
 */

import { ROOT_STAGE } from '../../orchestrators/decide-saga.js';
import type { StepDefinition, WorkflowDefinition } from '../../orchestrators/definition.js';
import { ESCALATION, type StageKind, undoStage } from '../../orchestrators/move.js';
import { taskOf } from '../../orchestrators/stage-task.js';
import type { EffectSafety } from '../../task.js';
import { type Boundary, type Order, sameBoundary } from './order.js';
import type { RunRecord } from './record.js';

/** Row name of what concerns a run as a whole. */
export const WHOLE_RUN = '(run)';

export interface Case {
  /** Step, branch or route, or {@link WHOLE_RUN}. */
  readonly step: string;
  readonly name: string;
  /** The stage that the case is about; empty for the whole run. */
  readonly stage: string;
  readonly order: Order;
  /** Its worker is killed: at the ordered boundary, or while the tool's answer is held back. */
  readonly killed?: 'at-boundary' | 'while-answering';
  readonly submittedTwice?: boolean;
}

export interface StageFacts {
  readonly stage: string;
  readonly step: string;
  readonly isUndo: boolean;
  readonly safety: EffectSafety['kind'];
  readonly attempts: number;
  /** There is a `find` for it. */
  readonly finds: boolean;
  /** An approval or a signal: no worker runs it. */
  readonly waits: boolean;
  /** It is a saga's, which records an intent before it and repeats nothing blindly. */
  readonly hasIntent: boolean;
}

export interface Undisturbed {
  readonly forward: RunRecord;
  /** A saga that was turned round, at its pivot or at its end. */
  readonly back?: RunRecord | undefined;
  /** Whether the stage's calls only read. */
  readonly onlyReads: (stage: string) => boolean;
}

const LATE = 'undo, then the late call arrives';

/** Time for an answer that does not come, where the undisturbed call took `ms`. */
function patience(ms: number): number {
  return 1_000 + 3 * ms;
}

export function planCases(definition: WorkflowDefinition, undisturbed: Undisturbed): readonly Case[] {
  const { forward, back } = undisturbed;
  const cases: Case[] = [
    { step: WHOLE_RUN, name: 'submitted twice at once', stage: '', order: {}, submittedTwice: true },
    ...kills(definition, forward.passed, [], {}),
    ...(back ? kills(definition, back.passed, forward.passed, { turnRound: true }) : []),
    ...stagesOf(definition, forward).flatMap((stage) => callCases(stage, forward, undisturbed, {})),
    ...(back ? undoneStages(definition, back).flatMap((of) => undoCases(definition, of, back, undisturbed)) : []),
    ...(back ? rejections(definition) : []),
  ];
  const order = [WHOLE_RUN, ...new Set(cases.map(({ step }) => step).filter((step) => step !== WHOLE_RUN))];
  const isBack = ({ name }: Case) => Number(name.startsWith('undo'));
  return cases.sort((one, other) => order.indexOf(one.step) - order.indexOf(other.step) || isBack(one) - isBack(other));
}

/** Steps of a saga that an undone run of it may take back: those before its pivot. */
export function turnableSteps(definition: WorkflowDefinition): readonly StepDefinition[] {
  if (definition.pattern !== 'saga') return [];
  const pivot = definition.steps.findIndex((step) => step.pivot);
  return (pivot < 0 ? definition.steps : definition.steps.slice(0, pivot)).filter(({ undo }) => undo);
}

/** Each approval after a step that has an undo: a no undoes that. One that is the pivot turns the undisturbed run round. */
function rejections(definition: WorkflowDefinition): readonly Case[] {
  if (definition.pattern !== 'saga') return [];
  const { steps } = definition;
  const pivot = steps.findIndex((step) => step.pivot);
  const first = steps.findIndex(({ undo }) => undo);
  return steps.flatMap(({ name, run }, at) =>
    run.waits?.for === 'person' && at > first && (pivot < 0 || at < pivot)
      ? [{ step: name, name: 'undo: after a no', stage: name, order: { reject: name } }]
      : [],
  );
}

/** One case for each boundary; those that another run passes as well are left to it. */
function kills(
  definition: WorkflowDefinition,
  passed: readonly Boundary[],
  elsewhere: readonly Boundary[],
  more: Order,
): readonly Case[] {
  const isBack = more.turnRound === true;
  const known: Boundary[] = [];
  return passed.flatMap(({ when, moment, stage }) => {
    const boundary = { when, moment, stage };
    const same = (other: Boundary) => sameBoundary(boundary, other);
    // The end is passed both ways, and is another one each time.
    if (known.some(same) || (moment !== 'end' && elsewhere.some(same)) || isLaterItem(stage)) return [];
    const facts = factsOf(definition, stage);
    if (moment === 'task' && (facts === undefined || facts.hasIntent)) return [];
    known.push(boundary);
    const step = facts?.step ?? WHOLE_RUN;
    const name = `${isBack ? 'undo: ' : ''}${boundaryName(boundary)}`;
    return [
      { step, name, stage: facts ? stage : '', order: { ...more, kill: boundary }, killed: 'at-boundary' as const },
    ];
  });
}

function boundaryName({ when, moment }: Boundary): string {
  switch (moment) {
    case 'intent':
      return when === 'before' ? 'before intent' : 'after intent, before effect';
    case 'task':
      return when === 'before' ? 'before its work' : 'after effect, before record';
    case 'record':
      return when === 'before' ? 'after effect, before record' : 'after record';
    case 'append':
      return `${when} being appended`;
    case 'failure':
      return `${when} the failure is recorded`;
    case 'decision':
      return `${when} the decision is recorded`;
    case 'end':
      return `${when} the end is recorded`;
  }
}

/** What the answer of a stage's tool may suffer, where it has one. */
function callCases(of: StageFacts, record: RunRecord, { onlyReads }: Undisturbed, more: Order): readonly Case[] {
  const calls = record.calls.filter(({ stage }) => stage === of.stage);
  if (calls.length === 0) return [];
  const slowest = Math.max(...calls.map(({ answer }) => answer?.ms ?? 0));
  const { stage, step } = of;
  const named = (name: string, order: Order, rest: Partial<Case> = {}): Case => ({
    step,
    stage,
    name: `${of.isUndo ? 'undo: ' : ''}${name}`,
    order: { ...more, ...order },
    ...rest,
  });
  const timeoutMs = patience(slowest);
  const lost = of.attempts > 1 && mayBeRepeated(of) ? 'answer lost, retried' : 'answer lost';
  const cases = [
    named('while the tool answers', { call: { stage, fault: 'lose' } }, { killed: 'while-answering' }),
    named(lost, { call: { stage, fault: 'lose', timeoutMs } }),
  ];
  // What only reads may be asked as often as one likes; `find` sees no call that is still on its way.
  if (onlyReads(stage) || of.attempts === 1 || !isRepeatedBlindly(of)) return cases;
  return [
    ...cases,
    named('call late, after its retry', { call: { stage, fault: 'late', timeoutMs } }),
    named('call sent twice', { call: { stage, fault: 'twice' } }),
  ];
}

function undoCases(
  definition: WorkflowDefinition,
  undo: StageFacts,
  back: RunRecord,
  undisturbed: Undisturbed,
): readonly Case[] {
  const { step } = undo;
  const effect = factsOf(definition, step);
  if (!effect) return [];
  // What was answered from outside has no code that could fail, and no answer that could be lost.
  if (effect.waits) return callCases(undo, back, undisturbed, { turnRound: true });
  const calls = back.calls.filter(({ stage }) => stage === step);
  const slowest = Math.max(0, ...calls.map(({ answer }) => answer?.ms ?? 0));
  const turned: Order = { turnRound: true, refuse: { stage: step, fromAttempt: 2 } };
  const timeoutMs = patience(slowest);
  const afterLost: Order = {
    ...turned,
    ...(calls.length > 0
      ? { call: { stage: step, fault: 'lose', timeoutMs } }
      : { kill: { when: 'before', moment: 'record', stage: step } }),
  };
  const about = { step, stage: undo.stage };
  // Where a lost answer is a person's affair, nothing is undone by itself.
  const late = calls.length > 0 && mayBeRepeated(effect) && !undisturbed.onlyReads(step);
  return [
    ...callCases(undo, back, undisturbed, { turnRound: true }),
    {
      ...about,
      name: 'undo after a lost answer',
      order: afterLost,
      ...(afterLost.kill && { killed: 'at-boundary' as const }),
    },
    { ...about, name: 'undo of what never happened', order: { refuse: { stage: step, fromAttempt: 1 } } },
    ...(late
      ? [
          {
            step,
            stage: step,
            name: LATE,
            order: { ...turned, call: { stage: step, fault: 'held' as const, timeoutMs } },
          },
        ]
      : []),
  ];
}

function mayBeRepeated({ safety, finds, hasIntent }: StageFacts): boolean {
  return !hasIntent || safety !== 'unsafe' || finds;
}

function isRepeatedBlindly({ safety, finds, hasIntent }: StageFacts): boolean {
  return !hasIntent || (safety !== 'unsafe' && !finds);
}

function stagesOf(definition: WorkflowDefinition, record: RunRecord): readonly StageFacts[] {
  return [...new Set(record.ran.map(({ stage }) => stage))]
    .filter((stage) => !isLaterItem(stage))
    .flatMap((stage) => factsOf(definition, stage) ?? []);
}

function undoneStages(definition: WorkflowDefinition, back: RunRecord): readonly StageFacts[] {
  return stagesOf(definition, back).filter(({ isUndo }) => isUndo);
}

/** Items of a list are all alike: the first stands for them. */
function isLaterItem(stage: string): boolean {
  return /^item\.[1-9]\d*$/.test(stage);
}

/** Undefined for what is no stage of its own: the run as a whole, a `find`. */
export function factsOf(definition: WorkflowDefinition, stage: string): StageFacts | undefined {
  if (stage === '' || stage === ROOT_STAGE) return undefined;
  const undone =
    definition.pattern === 'saga' ? definition.steps.find(({ name }) => undoStage(name) === stage) : undefined;
  const kind = undone ? 'undo' : kindOf(definition, stage);
  try {
    const task = taskOf(definition, { kind, stage });
    const step = definition.pattern === 'saga' ? definition.steps.find(({ name }) => name === stage) : undefined;
    return {
      stage,
      step: undone?.name ?? stage,
      isUndo: undone !== undefined,
      safety: task.effect.kind,
      attempts: task.attempts,
      finds: step?.find !== undefined,
      waits: task.waits !== undefined,
      hasIntent: definition.pattern === 'saga',
    };
  } catch {
    return undefined;
  }
}

function kindOf({ pattern }: WorkflowDefinition, stage: string): StageKind {
  if (pattern === 'saga') return 'step';
  if (pattern === 'router') return stage === ESCALATION ? 'escalation' : 'route';
  return 'branch';
}
