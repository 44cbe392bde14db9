import { useEffect, useRef } from 'preact/hooks';

/** Calls back when somebody comes back to the page: what has ended may have been retried or erased by others meanwhile. */
export function useShownAgain(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    // A page that opens gets the focus as well, and has just been read.
    let wasAway = false;
    const left = () => {
      wasAway = true;
    };
    const shown = () => {
      if (document.hidden) left();
      else if (wasAway) {
        wasAway = false;
        latest.current();
      }
    };
    document.addEventListener('visibilitychange', shown);
    // Of two windows side by side both are visible.
    addEventListener('blur', left);
    addEventListener('focus', shown);
    return () => {
      document.removeEventListener('visibilitychange', shown);
      removeEventListener('blur', left);
      removeEventListener('focus', shown);
    };
  }, []);
}
