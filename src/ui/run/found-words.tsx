import { memberName } from './member-name.js';

interface FoundWordsProps {
  /** The evidence's own name for them: `urgencyKeywords`. */
  readonly name: string;
  readonly found: readonly string[];
}

/** Words of the query that decided something, or that there were none. */
export function FoundWords({ name, found }: FoundWordsProps) {
  return (
    <p class="found small">
      <span class="dim">{memberName(name)}:</span>{' '}
      {found.length === 0 ? <span class="dim">none</span> : found.map((word) => <mark key={word}>{word}</mark>)}
    </p>
  );
}
