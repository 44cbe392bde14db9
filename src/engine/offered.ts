/**
 * What a Switchyard has for our own dashboards and server, and for nobody else: in an application's hands raw queues are so many
 * ways to break runs. It lies under a symbol that only this package has, so that it is still there when an application puts
 * something around its Switchyard.
 */
import type { CallbackRules } from '../callbacks.js';
import { SwitchyardError } from '../errors.js';
import type { QueuePool } from '../queues/queue-pool.js';

export interface Offered {
  /** Writes nothing, not even a queue's settings. */
  readonly pool: QueuePool;
  /** Every queue in which a job of a run may be: those of all versions, and those that no worker of stages serves. */
  readonly queues: readonly string[];
  /** Absent where nobody may be told. */
  readonly callbacks: CallbackRules | undefined;
}

const OFFERED = Symbol('switchyard-mq');

export function offering<T extends object>(sy: T, offered: Offered): T {
  return { ...sy, [OFFERED]: offered };
}

/** @throws SwitchyardError INVALID_CONFIG */
export function offeredBy(sy: object): Offered {
  const offered: Offered | undefined = Reflect.get(sy, OFFERED);
  if (offered) return offered;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    'this is no Switchyard that switchyard() of this package made: is there a second copy of switchyard-mq in node_modules?',
  );
}
