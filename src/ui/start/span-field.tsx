import { type OptionName, optionId, optionLabel } from './issue-place.js';
import type { Span, Unit } from './start-choices.js';

interface SpanFieldProps {
  readonly name: OptionName;
  readonly about: string;
  readonly refused: readonly string[];
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
export function SpanField({ name, about, refused, span, onChange }: SpanFieldProps) {
  const label = optionLabel(name);
  const id = optionId(name);
  const isRefused = refused.length > 0;
  return (
    <div class={isRefused ? 'field span refused' : 'field span'}>
      <label for={id}>
        {label}
        <small> optional</small>
      </label>
      <input
        id={id}
        inputMode="decimal"
        aria-invalid={isRefused || undefined}
        aria-describedby={isRefused ? `${id}-issues` : undefined}
        value={span.amount}
        onInput={(event) => onChange({ ...span, amount: event.currentTarget.value })}
      />
      <select
        aria-label={`${label}: unit`}
        value={span.unit}
        onChange={(event) => onChange({ ...span, unit: event.currentTarget.value as Unit })}
      >
        {UNITS.map(([unit, words]) => (
          <option key={unit} value={unit}>
            {words}
          </option>
        ))}
      </select>
      <small class="about">{about}</small>
      {isRefused && (
        <p id={`${id}-issues`} class="issue">
          {refused.join('; ')}
        </p>
      )}
    </div>
  );
}
