import type { RunState } from '../../queues/run-handle.js';
import { type ParallelOutput, parallel } from '../../workflows/index.js';
import { durationText } from '../render/duration.js';
import { wrap } from '../terminal.js';
import { outputOf, type Scenario, tookMs, unmet } from './scenario.js';
import { ALL_WELL_QUERY, HANGING_QUERY } from './script.js';

/** The weather call's timeout, and what the rest of the run may take on a busy machine. */
const LONGEST_HANG_MS = 5_000 + 3_000;

/** What asking at once was good for. */
function savedText({ timeline }: RunState): string {
  const spans = timeline.flatMap(({ startedAt, finishedAt }) =>
    startedAt === null || finishedAt === null ? [] : [{ from: startedAt, to: finishedAt }],
  );
  const together = Math.max(...spans.map(({ to }) => to)) - Math.min(...spans.map(({ from }) => from));
  const apart = spans.reduce((sum, { from, to }) => sum + (to - from), 0);
  const had = `Three sources were asked at once, and all had answered after ${durationText(together)}`;
  return apart > together ? `${had}; one after the other they would have taken ${durationText(apart)}.` : `${had}.`;
}

function summaryLine(state: RunState<ParallelOutput>): string {
  return outputOf(state)?.summary ?? '(no result)';
}

export const allWell: Scenario = {
  title: 'parallel: everything goes well',
  story: `"${ALL_WELL_QUERY}" Weather, files and database are asked at the same time.`,
  async play({ sy }, show) {
    const run = await show.watch(await sy.start(parallel, { query: ALL_WELL_QUERY }));
    show.lines(wrap(summaryLine(run), show.width));
    const weather = outputOf(run)?.results?.weather ?? {};
    return {
      runs: [run],
      complaints: unmet({
        'the run is completed': run.status === 'completed',
        'all three branches answered': outputOf(run)?.completedBranches.length === 3,
        'London and Paris have weather': ['London', 'Paris'].every((city) => 'temp' in (weather[city] ?? {})),
      }),
      sentence: savedText(run),
    };
  },
};

export const oneHangs: Scenario = {
  title: 'parallel: one tool never answers',
  story: `"${HANGING_QUERY}" The weather service hangs; it is given 5 s.`,
  async play({ sy }, show) {
    const run = await show.watch(await sy.start(parallel, { query: HANGING_QUERY }));
    show.lines(wrap(summaryLine(run), show.width));
    const output = outputOf(run);
    const took = tookMs(run);
    return {
      runs: [run],
      complaints: unmet({
        'the run is partial': run.status === 'partial',
        'the weather branch failed by its timeout': output?.errors?.weather?.code === 'TOOL_TIMEOUT',
        'files and database are kept': output?.completedBranches.join() === 'files,database',
        'it ended within its timeout': took < LONGEST_HANG_MS,
      }),
      sentence: `The weather service never answered. After ${durationText(took)} we stopped waiting for it, and what the files and the database had found was not thrown away.`,
    };
  },
};
