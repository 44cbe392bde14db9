interface FoundWordsProps {
  /** The evidence's own name for them: `urgencyKeywords`. */
  readonly name: string;
  readonly found: readonly string[];
}

/** Words of the query that decided something. */
export function FoundWords({ name, found }: FoundWordsProps) {
  const label = name.replace(/([A-Z])/g, ' $1').toLowerCase();
  return (
    <p class="found small">
      <span class="dim">{label.charAt(0).toUpperCase() + label.slice(1)}:</span>{' '}
      {found.map((word) => (
        <mark key={word}>{word}</mark>
      ))}
    </p>
  );
}
