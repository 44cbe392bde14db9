import { Icon } from '../parts/icon.js';
import { emptyDraft, issuesAt } from './draft.js';
import type { FieldProps } from './field.js';
import { fieldId } from './issue-place.js';

/** A list whose items are added and removed one by one. */
export function ArrayField({ schema, path, label, required, value, issues, onChange, Nested }: FieldProps) {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const own = issuesAt(issues, path);
  const item = schema.items ?? {};
  const described = own.length > 0 ? { 'aria-describedby': `${fieldId(path)}-issues` } : {};
  const refused = own.length > 0 && (
    <p id={`${fieldId(path)}-issues`} class="issue">
      {own.join('; ')}
    </p>
  );
  // Lists are named for many, and each of them is one.
  const one = label.replace(/s$/, '');
  return (
    <fieldset id={fieldId(path)} class="list" tabIndex={-1} {...described}>
      <legend>
        {schema.title ?? label}
        {!required && <small> optional</small>}
      </legend>
      {schema.description !== undefined && <p class="about">{schema.description}</p>}
      {refused}
      {items.map((each, at) => (
        <div key={at} class="item">
          <Nested
            schema={item}
            path={[...path, at]}
            label={`${one} ${at + 1}`}
            required
            value={each}
            issues={issues}
            onChange={onChange}
          />
          {items.length > (schema.minItems ?? 0) && (
            <button
              type="button"
              class="icon-button"
              aria-label={`Remove ${one.toLowerCase()} ${at + 1}`}
              onClick={() => onChange(path, items.toSpliced(at, 1))}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
      ))}
      {items.length < (schema.maxItems ?? Number.POSITIVE_INFINITY) && (
        <button type="button" class="button small" onClick={() => onChange(path, [...items, emptyDraft(item)])}>
          <Icon name="plus" /> Add {one.toLowerCase()}
        </button>
      )}
    </fieldset>
  );
}
