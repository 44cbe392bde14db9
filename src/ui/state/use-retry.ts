import { useEffect } from 'preact/hooks';
import type { ApiProblem } from '../connection/request.js';
import { isPassing } from '../connection/retry.js';

const RETRY_MS = 2_000;

/** Asks again while a problem stands that may pass: no event need ever come that would. What `useLoad` reads does so by itself. */
export function useRetry(problem: ApiProblem | undefined, refresh: () => void): void {
  useEffect(() => {
    if (!problem || !isPassing(problem)) return;
    const timer = setInterval(refresh, RETRY_MS);
    return () => clearInterval(timer);
  }, [problem, refresh]);
}
