interface ValueFieldProps {
  /** JSON, as it is typed. */
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** What a signal brings. The stage's own schema judges it, on the server. */
export function ValueField({ text, onChange }: ValueFieldProps) {
  return (
    <label class="field">
      <span>
        Value<small> JSON</small>
      </span>
      <textarea
        rows={3}
        class="code"
        required
        spellcheck={false}
        value={text}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  );
}

/** @throws Error for what is not JSON */
export function valueFrom(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error('The value is not JSON: {"at":"14:05"}, "yes" or 42, for example.');
  }
}
