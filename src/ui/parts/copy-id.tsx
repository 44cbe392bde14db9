import { useState } from 'preact/hooks';
import { Icon } from './icon.js';

/** An id that is long to type, whole, and a button that copies it. */
export function CopyId({ id, label }: { readonly id: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setCopied(true);
  };
  return (
    <span class="copy-id">
      <code>{id}</code>
      <button type="button" class="icon-button" aria-label={`Copy ${label}`} onClick={copy}>
        <Icon name={copied ? 'check' : 'copy'} />
      </button>
      <span class="sr-only" role="status">
        {copied ? 'Copied' : ''}
      </span>
    </span>
  );
}
