import { agoText } from '../words/duration.js';
import { exactText, momentText } from '../words/moment.js';

/** Both: how long ago for the glance, and when; all of it in the title. */
export function Moment({ at, now }: { readonly at: number; readonly now: number }) {
  return (
    <time class="moment" dateTime={new Date(at).toISOString()} title={exactText(at)}>
      <span>{agoText(now - at)}</span> <span class="dim">{momentText(at, now)}</span>
    </time>
  );
}
