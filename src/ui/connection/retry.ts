/** What was refused only for now, and when to ask again. Pure. */
const FIRST_MS = 1_000;
const LONGEST_MS = 5_000;

/**
 * The server is away, busy or broken, or somebody else has answered in its place: asked again, it may answer. Anything else it
 * would refuse again.
 */
export function isPassing(problem: unknown): boolean {
  const status: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, 'status') : undefined;
  return typeof status === 'number' && (status < 400 || status === 429 || status >= 500);
}

/** After so many failures in a row. */
export function retryPauseMs(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
