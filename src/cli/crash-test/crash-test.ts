/**
 * `switchyard crash-test <file>`: shows for each step of a user's workflow what a crash, a lost answer or a repetition does
 * to it. Runs it undisturbed first, both ways; then each case; then prints what to mend.
 */
import { SwitchyardError } from '../../errors.js';
import { commandLog } from '../command-log.js';
import { readInput } from '../commands/read-input.js';
import { Closing } from '../demo/closing.js';
import { LiveRegion } from '../render/live-region.js';
import { durationMs, type Settings } from '../settings.js';
import { listenForStop } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { buildBench } from './bench.js';
import { playCases } from './play-cases.js';
import { caseLines, reportOf, summaryLines } from './report.js';
import { loadSubject, type Subject } from './subject.js';

export interface CrashTestOptions {
  readonly only?: readonly string[] | undefined;
  readonly input?: string | undefined;
  readonly workflow?: string | undefined;
  readonly timeout?: string | undefined;
  readonly strict?: boolean | undefined;
  /** Given for this command; REDIS_URL is somebody's runs, and not asked for. */
  readonly redis?: string | undefined;
}

const TIMEOUT = '60s';

/** Exit 0: no findings; 1: findings; 2: nothing to test. */
export async function crashTest(
  settings: Settings,
  source: string,
  options: CrashTestOptions,
  { out, err }: Terminal,
): Promise<number> {
  const stop = listenForStop();
  const closing = new Closing();
  const live = new LiveRegion(err);
  const began = performance.now();
  const log = commandLog(err, 'silent');
  try {
    const subject = await subjectOf(source, options);
    const limitMs = durationMs('--timeout', options.timeout ?? TIMEOUT);
    const onProgress = (line: string) => live.draw([err.colors.dim(line)]);
    onProgress('Starting Redis, workers and servers …');
    const play = async (): Promise<number> => {
      const bench = await buildBench({ subject, settings, redis: options.redis, log, closing });
      const played = await playCases({ bench, subject, only: options.only, limitMs, log, onProgress });
      const counts = {
        ...played.counts,
        durationMs: Math.round(performance.now() - began),
        strict: options.strict === true,
      };
      const report = reportOf(subject.workflow.name, played.cases, counts);
      live.clear();
      if (settings.json) out.write(`${JSON.stringify(report, null, 2)}\n`);
      else {
        const lines = [...caseLines(report.cases, out.colors), ...summaryLines(report, out.colors, out.columns)];
        out.write(`${lines.join('\n')}\n`);
      }
      return report.ok ? 0 : 1;
    };
    return await Promise.race([play(), stop.stopped]);
  } finally {
    live.clear();
    await closing.close();
    stop.dispose();
  }
}

async function subjectOf(source: string, { input, workflow }: CrashTestOptions): Promise<Subject> {
  const loaded = await loadSubject({ source, workflow });
  const subject = input === undefined ? loaded : { ...loaded, input: await readInput(input) };
  const parsed = subject.workflow.input.safeParse(subject.input);
  if (parsed.success) return subject;
  const where = subject.input === undefined ? 'Give one by --input, or in the file: ' : '';
  throw new SwitchyardError(
    'INVALID_INPUT',
    `${where}the input of workflow "${subject.workflow.name}" is refused: ${parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(the whole)'}: ${message}`).join('; ')}`,
  );
}
