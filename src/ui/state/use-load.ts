import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiProblem } from '../connection/request.js';
import { isPassing, retryPauseMs } from '../connection/retry.js';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  /** Asks again, at most one request at a time: what comes meanwhile is one more at its end. */
  readonly refresh: () => void;
}

/**
 * What `load` resolves to; asked again when `key` changes. A problem leaves what was known before in place, and one that may
 * pass is tried again: the last look at a run that has ended would otherwise never be made up for.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<{ readonly key: string; readonly value: T }>();
  const [problem, setProblem] = useState<ApiProblem>();
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<{ again: boolean } | undefined>(undefined);
  const retry = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const failures = useRef(0);

  const ask = useCallback(
    async (signal: AbortSignal): Promise<void> => {
      const mine = { again: false };
      running.current = mine;
      clearTimeout(retry.current);
      do {
        mine.again = false;
        try {
          const found = await latest.current(signal);
          if (signal.aborted) return;
          setValue({ key, value: found });
          setProblem(undefined);
          failures.current = 0;
        } catch (error) {
          if (signal.aborted) return;
          setProblem(error as ApiProblem);
          failures.current += 1;
          clearTimeout(retry.current);
          if (isPassing(error)) {
            retry.current = setTimeout(() => void ask(signal), retryPauseMs(failures.current));
          }
        }
      } while (mine.again);
      if (running.current === mine) running.current = undefined;
    },
    [key],
  );

  const controller = useRef(new AbortController());
  useEffect(() => {
    controller.current = new AbortController();
    void ask(controller.current.signal);
    return () => {
      clearTimeout(retry.current);
      controller.current.abort();
    };
  }, [ask]);

  const refresh = useCallback(() => {
    if (running.current && !controller.current.signal.aborted) running.current.again = true;
    else void ask(controller.current.signal);
  }, [ask]);

  return { value: value?.key === key ? value.value : undefined, problem, refresh };
}
