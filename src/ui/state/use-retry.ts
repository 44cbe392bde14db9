import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../connection/request.js';

const RETRY_MS = 2_000;

/** Answers that are the same however often it is asked. */
function isFinal({ status }: ApiProblem): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

/** Asks again while a problem stands: no event need ever come that would. */
export function useRetry(problem: ApiProblem | undefined, refresh: () => void): void {
  useEffect(() => {
    if (!problem || isFinal(problem)) return;
    const timer = setInterval(refresh, RETRY_MS);
    return () => clearInterval(timer);
  }, [problem, refresh]);
}
