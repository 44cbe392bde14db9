/** Times as people say them. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `42 ms`, `5.0 s`, `2 m 05 s`, `3 h 20 m`, `4 d 2 h`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND) return `${whole} ms`;
  if (whole < MINUTE) return `${(whole / SECOND).toFixed(1)} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} m ${twoDigits((whole % MINUTE) / SECOND)} s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${twoDigits((whole % HOUR) / MINUTE)} m`;
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** `just now`, `12 s ago`, `3 h ago`. */
export function agoText(at: number, now: number): string {
  const ms = now - at;
  if (ms < SECOND) return 'just now';
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
