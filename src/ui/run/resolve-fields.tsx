export interface Resolved {
  readonly happened?: boolean;
  /** JSON, as it is typed. */
  readonly outputText: string;
}

interface ResolveFieldsProps {
  readonly resolved: Resolved;
  readonly onChange: (resolved: Resolved) => void;
}

/** Whether an effect happened whose answer was lost, as somebody knows who has looked. */
export function ResolveFields({ resolved, onChange }: ResolveFieldsProps) {
  const choice = (happened: boolean, label: string, then: string) => (
    <label class="choice">
      <input
        type="radio"
        name="happened"
        required
        checked={resolved.happened === happened}
        onChange={() => onChange({ ...resolved, happened })}
      />
      <span>
        {label}
        <small>{then}</small>
      </span>
    </label>
  );
  return (
    <fieldset>
      <legend>Did it happen?</legend>
      {choice(true, 'It happened', 'It counts as done, and is not repeated.')}
      {choice(false, 'It did not happen', 'It is tried again.')}
      {resolved.happened && (
        <label class="field">
          <span>
            What it returned<small> JSON; where later steps are made of it</small>
          </span>
          <textarea
            rows={3}
            class="code"
            spellcheck={false}
            value={resolved.outputText}
            onInput={(event) => onChange({ ...resolved, outputText: event.currentTarget.value })}
          />
        </label>
      )}
    </fieldset>
  );
}
