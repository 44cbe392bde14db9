/** The settings of our workers, on which the promises rest. */
import { MAX_TIMER_MS, WORKER_DEFAULTS } from './config.js';
import { SwitchyardError } from './errors.js';

export interface WorkerSettings {
  readonly lockDurationMs: number;
  readonly lockRenewMs: number;
  readonly stalledIntervalMs: number;
  readonly concurrency: number;
  readonly graceMs: number;
  readonly reconcileMs: number;
  readonly clockCheckMs: number;
  readonly stuckAfterMs: number;
}

/**
 * The settings with their defaults, checked: a wrong one shows only under a crash, as work done twice or never.
 * @throws SwitchyardError INVALID_CONFIG
 */
export function workerSettings(overrides: Partial<WorkerSettings> = {}): WorkerSettings {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const settings = { ...WORKER_DEFAULTS, ...given };
  for (const [name, value] of Object.entries(settings)) {
    const least = name === 'graceMs' ? 0 : 1;
    if (Number.isInteger(value) && value >= least && value <= MAX_TIMER_MS) continue;
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `${name} is ${value}; it must be a whole number from ${least} to ${MAX_TIMER_MS}`,
    );
  }
  if (settings.lockRenewMs * 2 > settings.lockDurationMs) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `lockRenewMs (${settings.lockRenewMs}) must be at most half of lockDurationMs (${settings.lockDurationMs}): a lock that runs out between two renewals gives its job to a second worker`,
    );
  }
  return settings;
}
