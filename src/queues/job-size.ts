import { MAX_JOB_BYTES } from '../config.js';
import { SwitchyardError } from '../errors.js';

/** @throws SwitchyardError TOO_LARGE: Redis holds every job in memory */
export function assertJobSize(data: unknown, stage: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(data) ?? '');
  if (bytes <= MAX_JOB_BYTES) return;
  throw new SwitchyardError(
    'TOO_LARGE',
    `the input of "${stage}" makes a job of ${bytes} bytes; at most ${MAX_JOB_BYTES} fit. Store the data elsewhere and pass a reference to it`,
    { step: stage },
  );
}
