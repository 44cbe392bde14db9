/**
 * The server's time, as its Date headers tell it. All times of a run are the server's: a desk whose clock is minutes off
 * would draw bars that run backwards.
 */

/** The header counts whole seconds, so less than this is no difference. */
const TOLERATED_MS = 2_000;
/** One that was found is kept until what is measured is this far from it: each answer is off by up to half a second, either way. */
const SETTLED_MS = 1_000;
let aheadMs = 0;

export function noteServerTime(date: string | null): void {
  const told = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(told)) return;
  const measured = told + 500 - Date.now();
  if (aheadMs === 0) aheadMs = Math.abs(measured) > TOLERATED_MS ? measured : 0;
  else if (Math.abs(measured) < SETTLED_MS) aheadMs = 0;
  else if (Math.abs(measured - aheadMs) > SETTLED_MS) aheadMs = measured;
}

export function serverNow(): number {
  return Date.now() + aheadMs;
}
