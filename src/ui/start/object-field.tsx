import { humanName } from '../words/stage-name.js';
import { isRecord, issuesAt } from './draft.js';
import type { FieldProps } from './field.js';
import { fieldId } from './issue-place.js';

/** A group of fields; the input itself is one without a frame. */
export function ObjectField({ schema, path, label, required, value, issues, onChange, Nested }: FieldProps) {
  const members = isRecord(value) ? value : {};
  const own = issuesAt(issues, path);
  const fields = Object.entries(schema.properties ?? {}).map(([name, member]) => (
    <Nested
      key={name}
      schema={member}
      path={[...path, name]}
      label={humanName(name)}
      required={schema.required?.includes(name) ?? false}
      value={members[name]}
      issues={issues}
      onChange={onChange}
    />
  ));
  const described = own.length > 0 ? { 'aria-describedby': `${fieldId(path)}-issues` } : {};
  const refused = own.length > 0 && (
    <p id={`${fieldId(path)}-issues`} class="issue">
      {own.join('; ')}
    </p>
  );
  if (path.length === 0) {
    return (
      <div class="stack" id={fieldId(path)} tabIndex={-1} {...described}>
        {refused}
        {fields}
      </div>
    );
  }
  return (
    <fieldset id={fieldId(path)} tabIndex={-1} {...described}>
      <legend>
        {schema.title ?? label}
        {!required && <small> optional</small>}
      </legend>
      {schema.description !== undefined && <p class="about">{schema.description}</p>}
      {refused}
      <div class="group">{fields}</div>
    </fieldset>
  );
}
