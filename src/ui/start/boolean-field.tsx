import { issuesAt } from './draft.js';
import type { FieldProps } from './field.js';
import { fieldId } from './issue-place.js';

export function BooleanField({ schema, path, label, value, issues, onChange }: FieldProps) {
  const own = issuesAt(issues, path);
  return (
    <div class="field">
      <label class="choice">
        <input
          id={fieldId(path)}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(path, event.currentTarget.checked)}
        />
        <span>
          {schema.title ?? label}
          {schema.description !== undefined && <small>{schema.description}</small>}
        </span>
      </label>
      {own.length > 0 && <p class="issue">{own.join('; ')}</p>}
    </div>
  );
}
