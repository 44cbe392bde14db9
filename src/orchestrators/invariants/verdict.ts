/** What the checker has found, and how much it looked at: silence proves something only where something was compared. */
import { INVARIANTS, type Invariant } from './history.js';

export interface Violation {
  readonly invariant: Invariant;
  /** Absent where it is about no single run. */
  readonly run?: string;
  readonly expected: string;
  readonly found: string;
}

export class Verdict {
  readonly violations: Violation[] = [];
  /** Comparisons made, by invariant. */
  readonly checked: Record<Invariant, number> = Object.fromEntries(INVARIANTS.map((id) => [id, 0])) as Record<
    Invariant,
    number
  >;

  check(invariant: Invariant, run: string | undefined, holds: boolean, expected: string, found: string): void {
    this.checked[invariant] += 1;
    if (!holds) this.violations.push({ invariant, ...(run !== undefined && { run }), expected, found });
  }
}

/** One line for people. */
export function violationText({ invariant, run, expected, found }: Violation): string {
  return `${invariant}${run === undefined ? '' : ` ${run}`}: expected ${expected}; found ${found}`;
}
