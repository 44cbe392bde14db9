/**
 * The keyboard in a list in a window: for Tab it is one stop, arrows, Page, Home and End go through its rows. A row is what
 * has `data-index`.
 */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { rowAfter } from './row-keys.js';

interface Rows {
  readonly total: number;
  /** Index of the first in view. */
  readonly first: number;
  /** Rows in view. */
  readonly page: number;
  readonly rowPx: number;
  /** It was scrolled so that this one is the first. */
  readonly onFirst: (first: number) => void;
}

/** Index of the row that Tab comes to. */
export function useRowFocus(box: RefObject<HTMLElement | null>, rows: Rows): number {
  const { total, first, page } = rows;
  const [at, setAt] = useState(0);
  const hasFocus = useRef(false);
  // A row that was scrolled away is not there to come to: then it is the next one in view.
  const last = Math.min(total, first + page) - 1;
  const stop = Math.max(first, Math.min(at, last));
  const latest = useRef({ ...rows, stop, last });
  latest.current = { ...rows, stop, last };

  useLayoutEffect(() => {
    // Rows come and go while it is scrolled, and while their pages arrive; the focus stays with the list.
    const row = hasFocus.current ? box.current?.querySelector<HTMLElement>(`[data-index="${stop}"]`) : undefined;
    if (row && row !== document.activeElement) row.focus({ preventScroll: true });
  });

  useEffect(() => {
    const window = box.current;
    if (!window) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const now = latest.current;
      const next = rowAfter(event.key, now.stop, now.total, now.page);
      if (next === undefined) return;
      event.preventDefault();
      if (next < now.first) window.scrollTop = next * now.rowPx;
      if (next > now.last) window.scrollTop = (next - now.page + 1) * now.rowPx;
      now.onFirst(Math.round(window.scrollTop / now.rowPx));
      setAt(next);
    };
    const came = ({ target }: FocusEvent) => {
      hasFocus.current = true;
      const index = target instanceof HTMLElement ? target.dataset.index : undefined;
      if (index !== undefined) setAt(Number(index));
    };
    const left = ({ target, relatedTarget }: FocusEvent) => {
      if (relatedTarget instanceof Node && !window.contains(relatedTarget)) {
        hasFocus.current = false;
        return;
      }
      // A row that was taken away has lost the focus too, and that is no reason to give it up.
      setTimeout(() => {
        const byChoice = target instanceof Node && target.isConnected;
        if (byChoice && !window.contains(document.activeElement)) hasFocus.current = false;
      });
    };
    window.addEventListener('keydown', pressed);
    window.addEventListener('focusin', came);
    window.addEventListener('focusout', left);
    return () => {
      window.removeEventListener('keydown', pressed);
      window.removeEventListener('focusin', came);
      window.removeEventListener('focusout', left);
    };
  }, [box]);
  return stop;
}
