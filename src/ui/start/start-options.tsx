export interface StartChoices {
  readonly key: string;
  readonly priority: string;
}

interface StartOptionsProps {
  readonly choices: StartChoices;
  readonly onChange: (choices: StartChoices) => void;
}

const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;

/** What is said of the run, beside its input. */
export function StartOptions({ choices, onChange }: StartOptionsProps) {
  return (
    <fieldset>
      <legend>The run</legend>
      <div class="group">
        <label class="field">
          <span>
            Idempotency key<small> optional</small>
          </span>
          <input value={choices.key} onInput={(event) => onChange({ ...choices, key: event.currentTarget.value })} />
          <small class="about">The same key twice is one run: “order-42”.</small>
        </label>
        <label class="field">
          <span>
            Priority<small> optional</small>
          </span>
          <select
            value={choices.priority}
            onChange={(event) => onChange({ ...choices, priority: event.currentTarget.value })}
          >
            <option value="">Default</option>
            {PRIORITIES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </fieldset>
  );
}
