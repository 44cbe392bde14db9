import type { LiveState } from '../connection/live.js';

const WORDS: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting…',
  polling: 'Not live: refreshed every few seconds, reconnecting…',
  ended: '',
};

/** Whether what is shown is what is; said aloud when it changes. */
export function LiveNote({ state }: { readonly state: LiveState }) {
  return (
    <p class={`live ${state}`} role="status">
      {WORDS[state]}
    </p>
  );
}
