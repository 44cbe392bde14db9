/** What is used of BullMQ's Job, as a type of its own: a team's Worker may be of another copy of BullMQ than ours. */
export interface BullmqJob {
  readonly id?: string | undefined;
  readonly data: unknown;
  readonly opts: {
    readonly attempts?: number | undefined;
    readonly telemetry?: { readonly metadata?: string | undefined } | undefined;
  };
  readonly attemptsStarted: number;
  readonly attemptsMade: number;
  readonly stalledCounter: number;
  readonly processedOn?: number | undefined;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
  moveToWaitingChildren(token: string): Promise<boolean>;
}
