/** What the routes work with. */
import type { PayloadPolicy } from '../api-settings.js';
import type { Switchyard } from '../engine/engine.js';
import type { Logger } from '../ports.js';
import type { LiveRuns } from './live/live-runs.js';
import type { OpenStreams } from './live/open-streams.js';

export interface ApiContext {
  readonly sy: Switchyard;
  readonly log: Logger;
  readonly live: LiveRuns;
  readonly streams: OpenStreams;
  readonly payloads: PayloadPolicy;
  /** Whether the routes that start or change something are left out. */
  readonly readOnly: boolean;
  /** For runs that are started without one of their own. */
  readonly callback: { readonly url: string } | undefined;
  /** Aborted when the server closes: whoever waits is answered now. */
  readonly closing: AbortSignal;
  /** For messages: where Redis is, without its password. */
  readonly redis: string;
  readonly ping: () => Promise<void>;
}
