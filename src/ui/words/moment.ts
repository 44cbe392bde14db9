/** Points in time in the reader's own time zone, always with the date where it is not today. */

const two = (value: number, width = 2) => String(value).padStart(width, '0');

export function clockText(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dateText(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** To the second; the date only where it is not that of `now`. */
export function momentText(at: number, now: number): string {
  return dateText(at) === dateText(now) ? clockText(at) : `${dateText(at)} ${clockText(at)}`;
}

/** Whole: with date, milliseconds and the zone's offset. */
export function exactText(at: number): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? '−' : '+';
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${dateText(at)} ${clockText(at)}.${two(date.getMilliseconds(), 3)} UTC${zone}`;
}
