import type { ComponentChildren } from 'preact';
import { type OptionName, optionId, optionLabel } from './issue-place.js';

interface OptionFieldProps {
  readonly name: OptionName;
  readonly about?: string;
  /** What the server said of it. */
  readonly refused: readonly string[];
  readonly children: (attributes: OptionAttributes) => ComponentChildren;
}

interface OptionAttributes {
  readonly id: string;
  readonly 'aria-invalid': boolean | undefined;
  readonly 'aria-describedby': string | undefined;
}

/** Label, explanation and refusal of something that is said beside the input. */
export function OptionField({ name, about, refused, children }: OptionFieldProps) {
  const id = optionId(name);
  const isRefused = refused.length > 0;
  return (
    <div class={isRefused ? 'field refused' : 'field'}>
      <label for={id}>
        {optionLabel(name)}
        <small> optional</small>
      </label>
      {children({
        id,
        'aria-invalid': isRefused || undefined,
        'aria-describedby': isRefused ? `${id}-issues` : undefined,
      })}
      {about !== undefined && <small class="about">{about}</small>}
      {isRefused && (
        <p id={`${id}-issues`} class="issue">
          {refused.join('; ')}
        </p>
      )}
    </div>
  );
}
