import { issuesWithin, RawJson } from './draft.js';
import type { FieldProps } from './field.js';
import { FieldFrame } from './field-frame.js';

/** Whatever no form can say better: typed as JSON. */
export function JsonField(props: FieldProps) {
  const { path, value, issues, onChange } = props;
  const text = value instanceof RawJson ? value.text : value === undefined ? '' : JSON.stringify(value, undefined, 2);
  return (
    <FieldFrame {...props} label={`${props.label} (JSON)`} issues={issuesWithin(issues, path)}>
      {(attributes) => (
        <textarea
          rows={Math.min(24, Math.max(4, text.split('\n').length + 1))}
          class="code"
          spellcheck={false}
          {...attributes}
          value={text}
          onInput={(event) => onChange(path, new RawJson(event.currentTarget.value))}
        />
      )}
    </FieldFrame>
  );
}
