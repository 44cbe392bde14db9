/** `switchyard demo`: the three workflows on a real Redis, with real tools, workers that are killed, and books that balance. */
import { commandLog } from '../command-log.js';
import { durationText } from '../render/duration.js';
import type { Settings } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { Closing } from './closing.js';
import { workerKilled } from './crash-scenario.js';
import { delivered, refused } from './order-scenarios.js';
import { allWell, oneHangs } from './parallel-scenarios.js';
import type { Scenario } from './scenario.js';
import { Show } from './show.js';
import { buildStage } from './stage.js';
import { type Played, showSummary } from './summary.js';
import { sevenQuestions } from './support-scenario.js';

const SCENARIOS: readonly Scenario[] = [allWell, oneHangs, sevenQuestions, delivered, refused, workerKilled];

const INTERRUPTED = 130;

/** Exit 0 when each scenario ended as it should, else 1. Whatever was started has ended by then, also after Ctrl-C. */
export async function demo(settings: Settings, { out, err }: Terminal): Promise<number> {
  const show = new Show(settings.json ? err : out);
  const stop = listenForStop();
  const closing = new Closing();
  const interrupted = stop.stopped.then(() => undefined);
  const playing = play(settings, show, closing, err);
  // After Ctrl-C what is still being played fails, since its stage is taken down: nobody is left to hear of it.
  playing.catch(() => undefined);
  let exit: number;
  try {
    const played = await Promise.race([playing, interrupted]);
    if (played === undefined) show.end('Interrupted: ending what was started.');
    else if (settings.json) out.write(document(played));
    exit = played === undefined ? INTERRUPTED : exitOf(played);
  } catch (error) {
    // The first failure is the one to report, not what it makes of the closing.
    await closing.close().catch(() => undefined);
    stop.dispose();
    throw error;
  }
  await closing.close();
  stop.dispose();
  return exit;
}

function document(played: readonly Played[]): string {
  return `${JSON.stringify({ runs: played.flatMap(({ outcome }) => outcome.runs) }, null, 2)}\n`;
}

function exitOf(played: readonly Played[]): number {
  return played.every(({ outcome }) => outcome.complaints.length === 0) ? 0 : 1;
}

async function play(
  settings: Settings,
  show: Show,
  closing: Closing,
  err: Terminal['err'],
): Promise<readonly Played[]> {
  const begin = performance.now();
  show.title('Switchyard');
  const stage = await buildStage({
    settings,
    closing,
    // Ordered faults make warnings that would hide what is to be seen.
    log: commandLog(err, 'error'),
    onStep: (step, done) => (done ? show.done(step) : show.busy(step)),
  });
  show.line(show.colors.dim(`ready after ${durationText(performance.now() - begin)}`));
  const played: Played[] = [];
  for (const [at, scenario] of SCENARIOS.entries()) {
    show.title(`${at + 1}  ${scenario.title}`);
    show.story(scenario.story);
    show.line();
    played.push({ scenario, outcome: await scenario.play(stage, show) });
  }
  showSummary(show, played, performance.now() - begin);
  return played;
}
