import type { TimeAxis } from './time-axis.js';

/** Seconds after acceptance, and where idle time was cut out. */
export function AxisHead({ axis }: { readonly axis: TimeAxis }) {
  return (
    <div class="axis" aria-hidden="true">
      {axis.ticks.map(({ at, label }) => (
        <span
          key={label}
          class={at > 0.92 ? 'tick last' : at > 0.8 ? 'tick late' : 'tick'}
          style={{ '--at': String(at) }}
        >
          {label}
        </span>
      ))}
      {axis.breaks.map(({ at, label }) => (
        <span key={at} class="break" style={{ '--at': String(at) }} title={`Nothing happened for ${label}`}>
          ⋯ {label}
        </span>
      ))}
    </div>
  );
}
