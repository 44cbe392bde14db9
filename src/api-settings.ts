/** How the HTTP server is set up, as `startApi` and `switchyard.config`'s `api` take it. */

export interface AuthorizedRequest {
  readonly method: string;
  /** The route as it is written, such as `/v1/runs/:id/cancel`; the path itself where there is none. */
  readonly route: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Address of the peer: of the last proxy, where there is one. */
  readonly ip: string;
  /** The run that it is about. */
  readonly run?: string;
  /** The schedule that it is about. */
  readonly schedule?: string;
  /** The workflow that it is about: which is started, scheduled, paused or let go on, or of which the run or the schedule is. */
  readonly workflow?: string;
}

/**
 * False refuses with 403; throwing refuses too, with a SwitchyardError's own code. `by` is kept with what is said, whatever the
 * request says of it, and stands in the log. A schedule that is given to another workflow is asked about twice, once for each.
 */
export type Authorize = (
  request: AuthorizedRequest,
) => boolean | { readonly by: string } | Promise<boolean | { readonly by: string }>;

/** `shown`: documents are whole. `redacted`: of inputs and outputs only fields and sizes. */
export type PayloadPolicy = 'shown' | 'redacted';

export interface RateLimit {
  readonly max: number;
  readonly windowMs: number;
}

export interface ApiSettings {
  /** Names besides loopback's and the address by which browsers may reach it. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Asked of every request that has passed the other checks. */
  readonly authorize?: Authorize | undefined;
  /** Default `shown`. */
  readonly payloads?: PayloadPolicy | undefined;
  /** Requests from one address; `false` for none, where a proxy in front limits them. Default 1,000 in 10 s. */
  readonly rateLimit?: RateLimit | false | undefined;
  /** Streams of events that one address may have open at once. Default 256. */
  readonly maxStreams?: number | undefined;
  /** Proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustProxy?: boolean | readonly string[] | undefined;
  /** Time for a whole request to arrive. Default 15 s. */
  readonly requestTimeoutMs?: number | undefined;
  /** Starts nothing and takes no commands. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Told of the end of every run that is started here without a callback of its own. Its host must be in `callbacks.allow`. */
  readonly callback?: { readonly url: string } | undefined;
}
