/** A saga as a ladder: one rung for each step, with what was done to take it back beside it. Pure. */
import type { RunSummary, StepShape, TimelineEntry } from '../connection/shapes.js';
import { FINAL } from '../words/status.js';

export interface Rung {
  readonly name: string;
  /** Absent while nothing of it has begun. */
  readonly step: TimelineEntry | undefined;
  readonly undo: TimelineEntry | undefined;
  /** 1 for the undo that ran first. */
  readonly undoOrder: number | undefined;
  readonly pivot: boolean;
  /** The undo was given up: a person skipped it, or the run ended without it. */
  readonly leftStanding: boolean;
  /** What stands in the undo's place when there is none. */
  readonly undoRemark: string | undefined;
  /** What stands in the step's place when it has not begun. */
  readonly stepRemark: string | undefined;
}

/** Without the definition (another worker's workflow) the rungs are the steps that the run tells of. */
export function rungsOf(
  shape: readonly StepShape[] | undefined,
  entries: readonly TimelineEntry[],
  run: Pick<RunSummary, 'status' | 'notUndone' | 'questions' | 'words'>,
): readonly Rung[] {
  const steps: readonly StepShape[] =
    shape ?? entries.filter(({ kind }) => kind === 'step').map(({ name }) => ({ name, pivot: false }));
  const undos = entries.filter(({ kind }) => kind === 'undo');
  const order = undos
    .filter(({ startedAt }) => startedAt !== null)
    .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const asked = new Set(run.questions?.map(({ about }) => about));
  const turned = undos.length > 0 || FINAL.has(run.status);
  return steps.map(({ name, pivot, undo: undoTask }) => {
    const step = entries.find((entry) => entry.kind === 'step' && entry.name === name);
    const undo = undos.find((entry) => entry.name === `${name}.undo`);
    const ran = undo ? order.indexOf(undo) + 1 : 0;
    const begun = step !== undefined && (step.state !== 'waiting' || step.attempts.length > 0);
    return {
      name,
      step: begun ? step : undefined,
      undo,
      undoOrder: ran > 0 ? ran : undefined,
      pivot,
      leftStanding: undo !== undefined && undo.state !== 'completed' && isGivenUp(name, undo.name, run),
      undoRemark: undo
        ? undefined
        : undoRemark({ name, begun, pivot, turned: undos.length > 0, hasUndo: !shape || undoTask !== undefined }, run),
      stepRemark: begun ? undefined : asked.has(name) ? 'waits for a person' : turned ? 'not reached' : 'waiting',
    };
  });
}

function isGivenUp(
  name: string,
  undo: string,
  { notUndone = [], words = [] }: Pick<RunSummary, 'notUndone' | 'words'>,
): boolean {
  return notUndone.includes(name) || words.some(({ command, stage }) => command === 'skip' && stage === undo);
}

interface WithoutUndo {
  readonly name: string;
  readonly begun: boolean;
  readonly pivot: boolean;
  /** Whether any undo of the run has begun. */
  readonly turned: boolean;
  /** Whether its definition has one for it, as far as that is known. */
  readonly hasUndo: boolean;
}

function undoRemark(
  { name, begun, pivot, turned, hasUndo }: WithoutUndo,
  { notUndone = [] }: Pick<RunSummary, 'notUndone'>,
): string | undefined {
  if (pivot) return 'point of no return';
  if (notUndone.includes(name)) return 'left standing';
  if (!turned) return undefined;
  if (!begun) return 'nothing to undo';
  return hasUndo ? 'undo not begun' : 'has no undo';
}
