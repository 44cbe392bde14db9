import type { FieldProps } from './field.js';
import { FieldFrame } from './field-frame.js';

/** Bounds that JSON Schema writes for "any whole number" say nothing to a person. */
function shownBound(bound: number | undefined): { readonly bound?: number } {
  return bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? {} : { bound };
}

export function NumberField(props: FieldProps) {
  const { schema, path, value, onChange } = props;
  const { bound: min } = shownBound(schema.minimum);
  const { bound: max } = shownBound(schema.maximum);
  return (
    <FieldFrame {...props}>
      {(attributes) => (
        <input
          type="number"
          class="number"
          step={schema.type === 'integer' ? 1 : 'any'}
          {...(min !== undefined && { min })}
          {...(max !== undefined && { max })}
          {...attributes}
          value={value === undefined ? '' : String(value)}
          onInput={(event) => onChange(path, event.currentTarget.value)}
        />
      )}
    </FieldFrame>
  );
}
