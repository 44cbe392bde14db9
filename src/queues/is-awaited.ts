import type { RunRecord } from '../facts.js';
import type { RunLog } from '../ports.js';

/** Whether the stage for which a run stands still waits for it. */
export async function isAwaited(log: RunLog, { parent }: RunRecord): Promise<boolean> {
  if (!parent) return false;
  return (await log.read(parent.run))?.stages.get(parent.stage)?.state === 'pending';
}
