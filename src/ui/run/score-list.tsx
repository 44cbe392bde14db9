import { humanName } from '../words/stage-name.js';
import type { Score } from './evidence.js';

/** Probabilities come with all their digits. */
const DIGITS = 3;

/** Each candidate's score, the chosen one said and not only coloured. */
export function ScoreList({ scores }: { readonly scores: readonly Score[] }) {
  const highest = Math.max(...scores.map(({ score }) => score));
  const share = (score: number) => (highest > 0 ? Math.max(0, score) / Math.max(1, highest) : 0);
  return (
    <ul class="scores">
      {scores.map(({ name, score, chosen }) => (
        <li key={name} class={chosen ? 'chosen' : undefined}>
          <span>
            {humanName(name)}
            {chosen && <span class="sr-only"> (chosen)</span>}
          </span>
          <i aria-hidden="true" style={{ '--long': String(share(score)) }} />
          <span class="number">{Number(score.toFixed(DIGITS))}</span>
        </li>
      ))}
    </ul>
  );
}
