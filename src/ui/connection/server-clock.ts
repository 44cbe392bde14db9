/**
 * The server's time, as its Date headers tell it. All times of a run are the server's: a desk whose clock is minutes off
 * would draw bars that run backwards.
 */

/** The header counts whole seconds, so less than this is no difference. */
const TOLERATED_MS = 2_000;
let aheadMs = 0;

export function noteServerTime(date: string | null): void {
  const told = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(told)) return;
  const ahead = told + 500 - Date.now();
  aheadMs = Math.abs(ahead) > TOLERATED_MS ? ahead : 0;
}

export function serverNow(): number {
  return Date.now() + aheadMs;
}
