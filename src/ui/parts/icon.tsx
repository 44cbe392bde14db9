import type { Sign } from '../words/status.js';

const PATHS: Readonly<Record<Sign | 'chevron' | 'out' | 'copy' | 'plus' | 'close', string>> = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  half: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  stop: 'M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM4.2 4.2l7.6 7.6',
  back: 'M6.5 3L3 6.5 6.5 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6',
  play: 'M5 3.5v9l7-4.5z',
  ring: 'M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10z',
  dash: 'M4 8h8',
  ask: 'M8 2.5v7M8 12.5v.5',
  chevron: 'M6 4l4 4-4 4',
  out: 'M6 4H4v8h8v-2M9 3h4v4M13 3L7.5 8.5',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
};

const FILLED: ReadonlySet<string> = new Set(['play']);

/** Always beside words that say the same. */
export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class={FILLED.has(name) ? 'icon filled' : 'icon'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
