import type { FieldProps } from './field.js';
import { FieldFrame } from './field-frame.js';

/** Texts that may be longer than this get more than a line. */
const LINE_LENGTH = 300;
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
      {(attributes) => {
        if ((schema.maxLength ?? 0) > LINE_LENGTH) return <textarea rows={3} {...attributes} {...shared} />;
        switch (schema.format) {
          case 'email':
            return <input type="email" {...attributes} {...shared} />;
          case 'uri':
            return <input type="url" {...attributes} {...shared} />;
          case 'date':
            return <input type="date" {...attributes} {...shared} />;
          default:
            return <input type="text" {...attributes} {...shared} />;
        }
      }}
    </FieldFrame>
  );
}
