import { useEffect, useState } from 'preact/hooks';
import { serverNow } from '../connection/server-clock.js';

/** The server's time, renewed every `everyMs` while something moves; it stands still otherwise. */
export function useNow(moving: boolean, everyMs: number): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!moving) return;
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [moving, everyMs]);
  return moving ? now : Math.max(now, serverNow());
}
