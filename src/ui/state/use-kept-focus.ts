import { useEffect } from 'preact/hooks';

/**
 * Where a control that has the focus goes away with what it belonged to (a question that is answered, an action that was
 * taken), the focus goes to the element with this id; otherwise it would be nowhere, and Tab begin at the top of the page.
 */
export function useKeptFocus(id: string): void {
  useEffect(() => {
    let last: Element | undefined;
    const came = ({ target }: FocusEvent) => {
      last = target instanceof Element ? target : undefined;
    };
    const left = ({ target }: FocusEvent) => {
      // Left by somebody's own doing, and still there to come back to: then nowhere is where they want to be. A dialog that closes leaves
      // its controls in the page for a moment, and the button that opened it may be gone by then.
      setTimeout(() => {
        if (target === last && last && isThere(last) && document.activeElement === document.body) last = undefined;
      });
    };
    const observer = new MutationObserver(() => {
      if (!last || last.isConnected || document.activeElement !== document.body) return;
      last = undefined;
      document.getElementById(id)?.focus({ preventScroll: true });
    });
    document.addEventListener('focusin', came);
    document.addEventListener('focusout', left);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener('focusin', came);
      document.removeEventListener('focusout', left);
      observer.disconnect();
    };
  }, [id]);
}

function isThere(element: Element): boolean {
  return element.isConnected && element.getClientRects().length > 0 && !element.matches(':disabled');
}
