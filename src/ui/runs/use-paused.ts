import { useEffect } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { get } from '../connection/request.js';
import type { Paused } from '../connection/shapes.js';
import { useLoad } from '../state/use-load.js';

/** No event tells of a pause, and where everything is paused no event comes at all. */
const EVERY_MS = 10_000;

/** What is paused; undefined until it is known. */
export function usePaused(): Paused | undefined {
  const { value, refresh } = useLoad('', (signal) => get<Paused>(api.paused, signal));
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) refresh();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [refresh]);
  return value;
}
