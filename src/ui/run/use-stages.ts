/**
 * A run's stages, of one state or all, asked for as they come into view. A refresh asks again only for what is in view, so that
 * it costs as much for ten thousand stages as for ten.
 */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { ApiProblem, get } from '../connection/request.js';
import type { StageState, TimelinePage } from '../connection/shapes.js';
import { firstMissing, NO_STAGES, type StagePages, withPage } from './stage-pages.js';

/** Stages asked for at once. */
const STAGE_PAGE = 200;

interface Stages {
  readonly known: StagePages;
  /** Whether the first page has come. */
  readonly loaded: boolean;
  readonly problem: ApiProblem | undefined;
  readonly want: (from: number, to: number) => void;
  readonly refresh: () => void;
}

export function useStages(id: string, state: StageState | ''): Stages {
  const key = `${id} ${state}`;
  const [found, setFound] = useState<StagePages & { readonly key: string }>();
  const [problem, setProblem] = useState<ApiProblem>();
  const view = useRef({ from: 0, to: 1 });
  const asking = useRef(new Set<string>());

  const load = useCallback(
    async (after: number, position: number): Promise<void> => {
      const name = `${key} ${after}`;
      if (asking.current.has(name)) return;
      asking.current.add(name);
      try {
        const asked = { ...(after > 0 && { after }), limit: STAGE_PAGE, ...(state !== '' && { state }) };
        const page = await get<TimelinePage>(api.timeline(id, asked));
        setFound((known) => ({
          ...withPage(known?.key === key ? known : NO_STAGES, position, page, state !== ''),
          key,
        }));
        setProblem(undefined);
      } catch (error) {
        setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, 'UNREACHABLE', String(error)));
      } finally {
        asking.current.delete(name);
      }
    },
    [id, key, state],
  );

  const mine = found?.key === key ? found : undefined;
  const want = useCallback(
    (from: number, to: number) => {
      view.current = { from, to };
      const missing = mine && firstMissing(mine, from, to, state !== '');
      if (missing) void load(missing.after, missing.position);
    },
    [load, mine, state],
  );
  const refresh = useCallback(() => {
    const from = state === '' ? view.current.from : 0;
    void load(from, from);
  }, [load, state]);
  useEffect(() => {
    view.current = { from: 0, to: 1 };
    void load(0, 0);
  }, [load]);

  return { known: mine ?? NO_STAGES, loaded: mine !== undefined, problem, want, refresh };
}
