import { humanName } from '../words/stage-name.js';

interface AskedWithProps {
  readonly title: string;
  readonly value: unknown;
}

/** What somebody must know who decides: short facts as such, anything else as it was given. */
export function AskedWith({ title, value }: AskedWithProps) {
  const facts = factsIn(value);
  if (!facts) {
    return (
      <div class="asked-with">
        <p class="dim small">{title}</p>
        <pre>{typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}</pre>
      </div>
    );
  }
  return (
    <dl class="facts asked-with">
      {facts.map(([name, fact]) => (
        <div key={name}>
          <dt>{humanName(inWords(name))}</dt>
          <dd>{String(fact)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The members of an object that has nothing nested. */
function factsIn(value: unknown): readonly (readonly [name: string, fact: unknown])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(value);
  const isFlat = members.every(([, fact]) => fact !== null && ['string', 'number', 'boolean'].includes(typeof fact));
  return isFlat && members.length > 0 ? members : undefined;
}

/** amountMinor: amount minor */
function inWords(name: string): string {
  return name.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
}
