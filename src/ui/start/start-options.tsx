import { SpanField } from './span-field.js';
import type { StartChoices } from './start-choices.js';

interface StartOptionsProps {
  readonly choices: StartChoices;
  readonly onChange: (choices: StartChoices) => void;
}

const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;

/** What is said of the run, beside its input. */
export function StartOptions({ choices, onChange }: StartOptionsProps) {
  const set = (part: Partial<StartChoices>) => onChange({ ...choices, ...part });
  const text = (name: 'key' | 'tags', label: string, about: string) => (
    <label class="field">
      <span>
        {label}
        <small> optional</small>
      </span>
      <input value={choices[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} />
      <small class="about">{about}</small>
    </label>
  );
  return (
    <fieldset>
      <legend>The run</legend>
      <div class="group">
        {text('key', 'Idempotency key', 'The same key twice is one run: “order-42”.')}
        <label class="field">
          <span>
            Priority<small> optional</small>
          </span>
          <select value={choices.priority} onChange={(event) => set({ priority: event.currentTarget.value })}>
            <option value="">Default</option>
            {PRIORITIES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {text('tags', 'Tags', 'To find it again: “customer=42, region=eu”.')}
        <SpanField
          label="Begin after"
          about="Nothing of it begins before."
          span={choices.delay}
          onChange={(delay) => set({ delay })}
        />
        <SpanField
          label="Stop after"
          about="Its deadline: what is not done by then is not begun; a saga undoes what it did."
          span={choices.deadline}
          onChange={(deadline) => set({ deadline })}
        />
      </div>
    </fieldset>
  );
}
