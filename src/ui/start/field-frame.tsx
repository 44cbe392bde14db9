import type { ComponentChildren } from 'preact';
import { issuesAt } from './draft.js';
import type { FieldProps } from './field.js';
import { fieldId } from './issue-place.js';

interface FieldFrameProps extends Pick<FieldProps, 'schema' | 'path' | 'label' | 'required' | 'issues'> {
  readonly children: (attributes: FieldAttributes) => ComponentChildren;
}

export interface FieldAttributes {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean | undefined;
  readonly 'aria-required': boolean | undefined;
}

/** Label, explanation and what the server said, tied to the control inside. */
export function FieldFrame({ schema, path, label, required, issues, children }: FieldFrameProps) {
  const id = fieldId(path);
  const own = issuesAt(issues, path);
  const notes = [schema.description !== undefined && `${id}-about`, own.length > 0 && `${id}-issues`].filter(Boolean);
  return (
    <div class={own.length > 0 ? 'field refused' : 'field'}>
      <label for={id}>
        {schema.title ?? label}
        {!required && <small> optional</small>}
      </label>
      {children({
        id,
        'aria-describedby': notes.length > 0 ? notes.join(' ') : undefined,
        'aria-invalid': own.length > 0 || undefined,
        'aria-required': required || undefined,
      })}
      {schema.description !== undefined && (
        <p id={`${id}-about`} class="about">
          {schema.description}
        </p>
      )}
      {own.length > 0 && (
        <p id={`${id}-issues`} class="issue">
          {own.join('; ')}
        </p>
      )}
    </div>
  );
}
