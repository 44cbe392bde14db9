import type { FieldProps } from './field.js';
import { FieldFrame } from './field-frame.js';

/** Texts that may be longer than this get more than a line. */
const LINE_LENGTH = 300;
const TYPES: Readonly<Record<string, string>> = { email: 'email', uri: 'url', date: 'date', time: 'time' };

export function TextField(props: FieldProps) {
  const { schema, path, value, onChange } = props;
  const text = typeof value === 'string' ? value : '';
  const example = schema.examples?.[0];
  const shared = {
    value: text,
    onInput: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) =>
      onChange(path, event.currentTarget.value),
    ...(typeof example === 'string' && { placeholder: example }),
  };
  return (
    <FieldFrame {...props}>
      {(attributes) =>
        (schema.maxLength ?? 0) > LINE_LENGTH ? (
          <textarea rows={3} {...attributes} {...shared} />
        ) : (
          <input type={TYPES[schema.format ?? ''] ?? 'text'} {...attributes} {...shared} />
        )
      }
    </FieldFrame>
  );
}
