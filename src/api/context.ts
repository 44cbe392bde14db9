/** What the routes work with. */
import type { Switchyard } from '../engine.js';
import type { Logger } from '../ports.js';
import type { LiveRuns } from './live/live-runs.js';
import type { PayloadPolicy } from './redacted-payload.js';

export interface ApiContext {
  readonly sy: Switchyard;
  readonly log: Logger;
  readonly live: LiveRuns;
  readonly payloads: PayloadPolicy;
  /** Aborted when the server closes: whoever waits is answered now. */
  readonly closing: AbortSignal;
  /** For messages: where Redis is, without its password. */
  readonly redis: string;
  readonly ping: () => Promise<void>;
}
