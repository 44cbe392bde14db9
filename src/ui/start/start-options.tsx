import type { InputIssue } from '../../errors.js';
import { type OptionName, optionIssues } from './issue-place.js';
import { OptionField } from './option-field.js';
import { SpanField } from './span-field.js';
import type { StartChoices } from './start-choices.js';

interface StartOptionsProps {
  readonly choices: StartChoices;
  /** What was refused of the request. */
  readonly issues: readonly InputIssue[];
  readonly onChange: (choices: StartChoices) => void;
}

const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;

/** What is said of the run, beside its input. */
export function StartOptions({ choices, issues, onChange }: StartOptionsProps) {
  const set = (part: Partial<StartChoices>) => onChange({ ...choices, ...part });
  const refused = (name: OptionName) => optionIssues(issues, name);
  const text = (name: 'key' | 'tags', about: string) => (
    <OptionField name={name} about={about} refused={refused(name)}>
      {(attributes) => (
        <input {...attributes} value={choices[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} />
      )}
    </OptionField>
  );
  return (
    <fieldset>
      <legend>The run</legend>
      <div class="group">
        {text('key', 'The same key twice is one run: “order-42”.')}
        <OptionField name="priority" refused={refused('priority')}>
          {(attributes) => (
            <select
              {...attributes}
              value={choices.priority}
              onChange={(event) => set({ priority: event.currentTarget.value })}
            >
              <option value="">Default</option>
              {PRIORITIES.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </OptionField>
        {text('tags', 'To find it again: “customer=42, region=eu”.')}
        <SpanField
          name="delayMs"
          refused={refused('delayMs')}
          about="Nothing of it begins before."
          span={choices.delay}
          onChange={(delay) => set({ delay })}
        />
        <SpanField
          name="deadline"
          refused={refused('deadline')}
          about="Its deadline: what is not done by then is not begun; a saga undoes what it did."
          span={choices.deadline}
          onChange={(deadline) => set({ deadline })}
        />
      </div>
    </fieldset>
  );
}
