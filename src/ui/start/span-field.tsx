import type { Span, Unit } from './start-choices.js';

interface SpanFieldProps {
  readonly label: string;
  readonly about: string;
  readonly span: Span;
  readonly onChange: (span: Span) => void;
}

const UNITS: readonly (readonly [unit: Unit, label: string])[] = [
  ['s', 'seconds'],
  ['m', 'minutes'],
  ['h', 'hours'],
  ['d', 'days'],
];

/** A length of time: a number and its unit. */
export function SpanField({ label, about, span, onChange }: SpanFieldProps) {
  return (
    <div class="field span">
      <label>
        <span>
          {label}
          <small> optional</small>
        </span>
        <input
          inputMode="decimal"
          value={span.amount}
          onInput={(event) => onChange({ ...span, amount: event.currentTarget.value })}
        />
      </label>
      <label>
        <span class="sr-only">{label}: unit</span>
        <select value={span.unit} onChange={(event) => onChange({ ...span, unit: event.currentTarget.value as Unit })}>
          {UNITS.map(([unit, name]) => (
            <option key={unit} value={unit}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <small class="about">{about}</small>
    </div>
  );
}
