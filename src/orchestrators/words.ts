/** What people's words mean for what happens next. Pure. */
import type { OperatorWord, RunRecord } from '../facts.js';

/** The words that count: those since the run was last begun anew. */
function standing({ words }: RunRecord): readonly OperatorWord[] {
  return words.slice(words.findLastIndex(({ command }) => command === 'retry') + 1);
}

/** Why everything that is still due was given up, or undefined. */
export function abandoned(record: RunRecord): OperatorWord | undefined {
  return standing(record).find(({ command }) => command === 'abandon');
}

/** Whether a person has let this stage go undone. */
export function isSkipped(record: RunRecord, stage: string): boolean {
  return standing(record).some((word) => word.command === 'skip' && word.stage === stage);
}
