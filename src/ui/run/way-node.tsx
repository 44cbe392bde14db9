import type { ComponentChildren } from 'preact';
import { Icon } from '../parts/icon.js';
import { type ShownStatus, statusWords } from '../words/status.js';

interface WayNodeProps {
  readonly kind: string;
  readonly title: string;
  /** Undefined where it is not known. */
  readonly state: ShownStatus | undefined;
  readonly children?: ComponentChildren;
}

/** One stop of a routed run. */
export function WayNode({ kind, title, state, children }: WayNodeProps) {
  const words = state === undefined ? undefined : statusWords(state);
  return (
    <li class={`way-node ${words?.tone ?? 'idle'} ${state ?? ''}`}>
      <p class="kind">{kind}</p>
      <h3>
        {words && <Icon name={words.sign} />}
        <span>
          {title}
          {words && <span class="sr-only"> ({words.label})</span>}
        </span>
      </h3>
      {children}
    </li>
  );
}
