import type { ComponentChildren } from 'preact';
import { Icon } from '../parts/icon.js';
import { type ShownStatus, statusWords } from '../words/status.js';

interface WayNodeProps {
  readonly kind: string;
  readonly title: string;
  readonly state: ShownStatus;
  readonly children?: ComponentChildren;
}

/** One stop of a routed run. */
export function WayNode({ kind, title, state, children }: WayNodeProps) {
  const { tone, sign, label } = statusWords(state);
  return (
    <li class={`way-node ${tone} ${state}`}>
      <p class="kind">{kind}</p>
      <h3>
        <Icon name={sign} />
        {title}
        <span class="sr-only"> ({label})</span>
      </h3>
      {children}
    </li>
  );
}
