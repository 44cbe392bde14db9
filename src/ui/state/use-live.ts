import { useEffect, useRef, useState } from 'preact/hooks';
import type { ServerEvent } from '../connection/event-text.js';
import { type LiveState, openLive } from '../connection/live.js';

interface Handlers {
  readonly onEvent: (event: ServerEvent) => void;
  readonly refresh: () => void;
  readonly isOver: () => boolean;
}

/** Follows a stream of events while the component is shown; undefined follows nothing. */
export function useLive(path: string | undefined, handlers: Handlers): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    if (path === undefined) return;
    return openLive({
      path,
      onState: setState,
      onEvent: (event) => latest.current.onEvent(event),
      refresh: () => latest.current.refresh(),
      isOver: () => latest.current.isOver(),
    });
  }, [path]);
  return state;
}
