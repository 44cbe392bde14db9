/** Each state as a mark and a colour, the same in every listing. */
import type { RunStatus } from '../../facts.js';
import type { TimelineEntry } from '../../orchestrators/timeline.js';
import type { ListedRun } from '../../ports.js';
import type { Colors } from '../terminal.js';

type Shown = RunStatus | ListedRun['status'] | TimelineEntry['state'];
type Paint = 'green' | 'yellow' | 'red' | 'magenta' | 'cyan' | 'dim';

const SHOWN: Readonly<Record<Shown, readonly [mark: string, paint: Paint]>> = {
  completed: ['✓', 'green'],
  partial: ['◐', 'yellow'],
  failed: ['✗', 'red'],
  cancelled: ['⊘', 'red'],
  compensated: ['↩', 'magenta'],
  compensating: ['↩', 'magenta'],
  running: ['▶', 'cyan'],
  queued: ['○', 'dim'],
  open: ['○', 'dim'],
  waiting: ['○', 'dim'],
  skipped: ['–', 'dim'],
  waiting_approval: ['‼', 'yellow'],
  in_doubt: ['‼', 'red'],
  step_stuck: ['‼', 'red'],
  compensation_stuck: ['‼', 'red'],
};

export function markOf(status: Shown, colors: Colors): string {
  const [mark, paint] = SHOWN[status];
  return colors[paint](mark);
}

/** Mark and name. A listing knows of an open run only that it has not ended, and says so in the words of the run itself. */
export function statusText(status: Shown, colors: Colors): string {
  const [mark, paint] = SHOWN[status];
  const name = status === 'open' ? 'queued or running' : status.replace(/_/g, ' ');
  return colors[paint](`${mark} ${name}`);
}
