/** The end of the demo: what happened, in words. */
import { durationText } from '../render/duration.js';
import { wrap } from '../terminal.js';
import type { Outcome, Scenario } from './scenario.js';
import type { Show } from './show.js';

export interface Played {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
}

export function showSummary(show: Show, played: readonly Played[], tookMs: number): void {
  const { colors, width } = show;
  show.title('What happened');
  for (const { scenario, outcome } of played) {
    const good = outcome.complaints.length === 0;
    const [first = '', ...rest] = wrap(good ? outcome.sentence : `${scenario.title}: not as it should be.`, width - 2);
    show.line(`${good ? colors.green('✓') : colors.red('✗')} ${first}`);
    show.lines(rest.map((line) => `  ${line}`));
    show.lines(outcome.complaints.map((complaint) => `  ${colors.red(`expected: ${complaint}`)}`));
  }
  const runs = played.reduce((sum, { outcome }) => sum + outcome.runs.length, 0);
  const failed = played.filter(({ outcome }) => outcome.complaints.length > 0).length;
  show.line();
  const verdict =
    failed === 0 ? colors.green('all as they should be') : colors.red(`${failed} scenarios not as they should be`);
  show.line(`${runs} runs in ${durationText(tookMs)}, ${verdict}.`);
}
