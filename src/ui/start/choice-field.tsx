import type { FieldProps } from './field.js';
import { FieldFrame } from './field-frame.js';
import { choicesOf } from './json-schema.js';

export function ChoiceField(props: FieldProps) {
  const { schema, path, value, required, onChange } = props;
  const choices = choicesOf(schema) ?? [];
  const chosen = choices.indexOf(value);
  return (
    <FieldFrame {...props}>
      {(attributes) => (
        <select
          {...attributes}
          value={String(chosen)}
          onChange={(event) => onChange(path, choices[Number(event.currentTarget.value)])}
        >
          {(chosen === -1 || !required) && <option value="-1">{required ? 'Choose…' : 'None'}</option>}
          {choices.map((choice, at) => (
            <option key={String(choice)} value={String(at)}>
              {String(choice)}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}
