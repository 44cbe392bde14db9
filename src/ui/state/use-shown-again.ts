import { useEffect, useRef } from 'preact/hooks';

/** Calls back when somebody looks at the page again: what has ended may have been retried or erased by others meanwhile. */
export function useShownAgain(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const shown = () => {
      if (!document.hidden) latest.current();
    };
    document.addEventListener('visibilitychange', shown);
    // Of two windows side by side both are visible.
    addEventListener('focus', shown);
    return () => {
      document.removeEventListener('visibilitychange', shown);
      removeEventListener('focus', shown);
    };
  }, []);
}
