import { humanName } from '../words/stage-name.js';
import type { Evidence } from './evidence.js';

/** Each candidate's score, the chosen one said and not only coloured. */
export function ScoreList({ scores }: Pick<Evidence, 'scores'>) {
  const highest = Math.max(1, ...scores.map(({ score }) => score));
  return (
    <ul class="scores">
      {scores.map(({ name, score, chosen }) => (
        <li key={name} class={chosen ? 'chosen' : undefined}>
          <span>
            {humanName(name)}
            {chosen && <span class="sr-only"> (chosen)</span>}
          </span>
          <i aria-hidden="true" style={{ '--long': String(score / highest) }} />
          <span class="number">{score}</span>
        </li>
      ))}
    </ul>
  );
}
