import type { RunState } from '../../queues/run-handle.js';
import { type SupportOutput, support } from '../../workflows/index.js';
import { durationText } from '../render/duration.js';
import { markOf } from '../render/status.js';
import { clip, oneLine, wrap } from '../terminal.js';
import { outputOf, type Scenario, tookMs, unmet } from './scenario.js';
import { SUPPORT_QUESTIONS } from './script.js';
import type { Show } from './show.js';

/** Why the query went the way that it went, from the decision that was recorded with the run. */
function reasons({ decision, escalation }: SupportOutput): string {
  const { type, scores, priority, urgencyKeywords } = decision;
  const score = type === 'general_query' ? 'no pattern matched' : `${type} scored ${scores[type]}`;
  const urgent =
    urgencyKeywords.length > 0 ? [`priority ${priority} by "${[...new Set(urgencyKeywords)].join('", "')}"`] : [];
  return [score, ...urgent, ...(escalation ? [`escalated: ${escalation.reason}`] : [])].join('; ');
}

function wayLines(run: RunState<SupportOutput>, query: string, { colors, width }: Show): readonly string[] {
  const output = outputOf(run);
  const way = output?.routingPath.join(' → ') ?? '(no way)';
  const why = output ? reasons(output) : '';
  return [
    `${markOf(run.status, colors)} ${clip(`"${oneLine(query)}"`, width - 12)}  ${colors.dim(durationText(tookMs(run)))}`,
    `    ${clip(way, width - 4)}`,
    ...wrap(`because ${why}`, width - 4).map((line) => `    ${colors.dim(line)}`),
  ];
}

export const sevenQuestions: Scenario = {
  title: 'support: seven questions find their desk',
  story: 'One for each of the five desks, one that is critical, and one angry customer. All at once.',
  async play({ sy }, show) {
    const started = await Promise.all(
      SUPPORT_QUESTIONS.map(({ query, customerId }) =>
        sy.start(support, { query, ...(customerId !== undefined && { customerId }) }),
      ),
    );
    const runs = await show.watchAll(started);
    const complaints: string[] = [];
    for (const [at, { query, path }] of SUPPORT_QUESTIONS.entries()) {
      const run = runs[at];
      if (!run) continue;
      show.lines(wayLines(run, query, show));
      const output = outputOf(run);
      const escalated = output?.escalation?.escalated === true;
      complaints.push(
        ...unmet({
          [`"${query}" is completed`]: run.status === 'completed',
          [`"${query}" goes ${path.join(', ')}`]: output?.routingPath.join() === path.join(),
          [`"${query}" is ${path.includes('escalation') ? '' : 'not '}escalated`]:
            escalated === path.includes('escalation'),
        }),
      );
    }
    const toPeople = runs.filter((run) => outputOf(run)?.escalation?.escalated).length;
    return {
      runs,
      complaints,
      sentence: `${runs.length} questions were read, sorted and answered, each with the reason on record; the ${toPeople} that need a person, the urgent and the angry one, are with the senior team.`,
    };
  },
};
