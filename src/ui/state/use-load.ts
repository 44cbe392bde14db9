import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiProblem } from '../connection/request.js';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: ApiProblem | undefined;
  /** Asks again, at most one request at a time: what comes meanwhile is one more at its end. */
  readonly refresh: () => void;
}

/** What `load` resolves to; asked again when `key` changes. A problem leaves what was known before in place. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<{ readonly key: string; readonly value: T }>();
  const [problem, setProblem] = useState<ApiProblem>();
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<{ again: boolean } | undefined>(undefined);

  const ask = useCallback(
    async (signal: AbortSignal): Promise<void> => {
      const mine = { again: false };
      running.current = mine;
      do {
        mine.again = false;
        try {
          const found = await latest.current(signal);
          if (signal.aborted) return;
          setValue({ key, value: found });
          setProblem(undefined);
        } catch (error) {
          if (signal.aborted) return;
          setProblem(error as ApiProblem);
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
    return () => controller.current.abort();
  }, [ask]);

  const refresh = useCallback(() => {
    if (running.current && !controller.current.signal.aborted) running.current.again = true;
    else void ask(controller.current.signal);
  }, [ask]);

  return { value: value?.key === key ? value.value : undefined, problem, refresh };
}
