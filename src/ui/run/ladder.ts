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
  /** What stands in the undo's place when there is none. */
  readonly undoRemark: string | undefined;
  /** What stands in the step's place when it has not begun. */
  readonly stepRemark: string | undefined;
}

/** Without the definition (another worker's workflow) the rungs are the steps that the run tells of. */
export function rungsOf(
  shape: readonly StepShape[] | undefined,
  entries: readonly TimelineEntry[],
  run: Pick<RunSummary, 'status' | 'notUndone' | 'questions'>,
): readonly Rung[] {
  const steps = shape ?? entries.filter(({ kind }) => kind === 'step').map(({ name }) => ({ name, pivot: false }));
  const undos = entries.filter(({ kind }) => kind === 'undo');
  const order = undos
    .filter(({ startedAt }) => startedAt !== null)
    .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const asked = new Set(run.questions?.map(({ about }) => about));
  const turned = undos.length > 0 || FINAL.has(run.status);
  return steps.map(({ name, pivot }) => {
    const step = entries.find((entry) => entry.kind === 'step' && entry.name === name);
    const undo = undos.find((entry) => entry.name === `${name}.undo`);
    const ran = undo ? order.indexOf(undo) + 1 : 0;
    const begun = step !== undefined && step.state !== 'waiting';
    return {
      name,
      step: begun ? step : undefined,
      undo,
      undoOrder: ran > 0 ? ran : undefined,
      pivot,
      undoRemark: undo ? undefined : undoRemark(name, begun, pivot, undos.length > 0, run),
      stepRemark: begun ? undefined : asked.has(name) ? 'waits for a person' : turned ? 'not reached' : 'waiting',
    };
  });
}

function undoRemark(
  name: string,
  begun: boolean,
  pivot: boolean,
  turned: boolean,
  { notUndone = [] }: Pick<RunSummary, 'notUndone'>,
): string | undefined {
  if (pivot) return 'point of no return';
  if (notUndone.includes(name)) return 'left standing';
  return turned ? (begun ? 'undo not begun' : 'nothing to undo') : undefined;
}
