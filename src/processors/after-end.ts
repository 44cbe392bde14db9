/** What is done once a job has ended for good and Redis has it. A worker that stops waits for it. */

export interface AfterEnd {
  /** To be called with each job whose attempt has ended. */
  tell(job: { readonly finishedOn?: number | undefined; readonly data: unknown } | undefined): void;
  /** Resolves when all that was told has been seen to. */
  settled(): Promise<unknown>;
}

/** @param onEnded must not fail */
export function createAfterEnd(onEnded: ((data: unknown) => Promise<void>) | undefined): AfterEnd {
  const told = new Set<Promise<void>>();
  return {
    tell(job) {
      if (!job?.finishedOn || !onEnded) return;
      const telling: Promise<void> = onEnded(job.data).finally(() => told.delete(telling));
      told.add(telling);
    },
    settled: () => Promise.all(told),
  };
}
