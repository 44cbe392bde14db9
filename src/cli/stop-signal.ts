/** Being told to stop. */

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

export interface StopSignal {
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP, or when the Node process that started this one is gone. */
  readonly stopped: Promise<void>;
  dispose(): void;
}

/** A second signal ends the process at once: whoever sends it does not want to wait. */
export function listenForStop(): StopSignal {
  let stop = (): void => undefined;
  let stopping = false;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(128 + (Object.entries(SIGNALS).find(([name]) => name === signal)?.[1] ?? 0));
    stopping = true;
    stop();
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  process.once('disconnect', stop);
  return {
    stopped,
    dispose() {
      for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
      process.off('disconnect', stop);
    },
  };
}
