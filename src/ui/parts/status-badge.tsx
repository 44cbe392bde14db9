import { type ShownStatus, statusWords } from '../words/status.js';
import { Icon } from './icon.js';

export function StatusBadge({ status, large = false }: { readonly status: ShownStatus; readonly large?: boolean }) {
  const { label, tone, sign } = statusWords(status);
  return (
    <span class={`badge ${tone}${large ? ' large' : ''}`}>
      <Icon name={sign} />
      {label}
    </span>
  );
}
