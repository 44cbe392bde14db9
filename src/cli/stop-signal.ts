/** Being told to stop. */

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

export interface StopSignal {
  /**
   * Resolves at the first SIGINT, SIGTERM or SIGHUP, or when the Node process that started this one is gone (as SIGHUP);
   * with the exit code that a shell expects of a command that did not get to its end.
   */
  readonly stopped: Promise<number>;
  dispose(): void;
}

/** A second signal ends the process at once: whoever sends it does not want to wait. */
export function listenForStop(): StopSignal {
  let stop = (_exit: number): void => undefined;
  let stopping = false;
  const stopped = new Promise<number>((resolve) => {
    stop = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    const exit = 128 + (Object.entries(SIGNALS).find(([name]) => name === signal)?.[1] ?? 0);
    if (stopping) process.exit(exit);
    stopping = true;
    stop(exit);
  };
  const onDisconnect = (): void => stop(128 + SIGNALS.SIGHUP);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  process.once('disconnect', onDisconnect);
  return {
    stopped,
    dispose() {
      for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
      process.off('disconnect', onDisconnect);
    },
  };
}
