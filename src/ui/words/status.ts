/** Every state of a run or stage: its words, its tone, and its sign, which tells it apart where colours are not seen. */
import type { RunStatus } from '../../facts.js';
import type { TimelineEntry } from '../../orchestrators/timeline.js';
import type { ListedRun } from '../../ports.js';

export type ShownStatus = RunStatus | ListedRun['status'] | TimelineEntry['state'];
export type Tone = 'good' | 'bad' | 'warn' | 'undo' | 'busy' | 'idle';
export type Sign = 'check' | 'cross' | 'half' | 'stop' | 'back' | 'play' | 'ring' | 'dash' | 'ask';

export interface StateWords {
  readonly label: string;
  readonly tone: Tone;
  readonly sign: Sign;
}

const STATUSES: Readonly<Record<ShownStatus, StateWords>> = {
  completed: { label: 'Completed', tone: 'good', sign: 'check' },
  partial: { label: 'Partial', tone: 'warn', sign: 'half' },
  failed: { label: 'Failed', tone: 'bad', sign: 'cross' },
  cancelled: { label: 'Cancelled', tone: 'idle', sign: 'stop' },
  compensated: { label: 'Compensated', tone: 'undo', sign: 'back' },
  compensating: { label: 'Compensating', tone: 'undo', sign: 'back' },
  running: { label: 'Running', tone: 'busy', sign: 'play' },
  queued: { label: 'Queued', tone: 'idle', sign: 'ring' },
  open: { label: 'In progress', tone: 'busy', sign: 'play' },
  waiting: { label: 'Waiting', tone: 'idle', sign: 'ring' },
  skipped: { label: 'Skipped', tone: 'idle', sign: 'dash' },
  waiting_approval: { label: 'Waiting for approval', tone: 'warn', sign: 'ask' },
  in_doubt: { label: 'In doubt', tone: 'warn', sign: 'ask' },
  step_stuck: { label: 'Step stuck', tone: 'warn', sign: 'ask' },
  compensation_stuck: { label: 'Compensation stuck', tone: 'warn', sign: 'ask' },
};

/** A status of a newer server than this page is shown by its own name. */
export function statusWords(status: ShownStatus): StateWords {
  return STATUSES[status] ?? { label: String(status).replaceAll('_', ' '), tone: 'idle', sign: 'ring' };
}

export const FINAL: ReadonlySet<ShownStatus> = new Set(['completed', 'partial', 'failed', 'cancelled', 'compensated']);
