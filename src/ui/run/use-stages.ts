/**
 * A run's stages, of one state or all, asked for as they come into view. A refresh asks again only for what is in view, so that
 * it costs as much for ten thousand stages as for ten.
 */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { ApiProblem, get } from '../connection/request.js';
import type { StageState, TimelinePage } from '../connection/shapes.js';
import { NO_STAGES, type StagePages } from './stage-pages.js';
import { createStageReader, type StageReader } from './stage-reader.js';

/** Stages asked for at once. */
const STAGE_PAGE = 200;

interface Stages {
  /** Of the whole run, as far as they were read; undefined until the first page has come. */
  readonly all: StagePages | undefined;
  /** What is shown: all, or those of the chosen state. Total and counts are the run's. */
  readonly shown: StagePages;
  readonly problem: ApiProblem | undefined;
  readonly want: (from: number, to: number) => void;
  readonly refresh: () => void;
}

interface Found {
  readonly run: string;
  readonly state: StageState | '';
  readonly all: StagePages | undefined;
  readonly chosen: StagePages | undefined;
}

export function useStages(id: string, state: StageState | ''): Stages {
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState<ApiProblem>();
  const reader = useRef<StageReader | undefined>(undefined);
  const latest = useRef(found);
  latest.current = found;

  useEffect(() => {
    const known = latest.current?.run === id ? latest.current.all : undefined;
    setProblem(undefined);
    const made = createStageReader({
      chosen: state !== '',
      known: state === '' ? known : undefined,
      ask: (after, signal) => {
        const asked = { ...(after > 0 && { after }), limit: STAGE_PAGE, ...(state !== '' && { state }) };
        return get<TimelinePage>(api.timeline(id, asked), signal);
      },
      onChange: (came) =>
        setFound((before) => {
          const all = before?.run === id ? before.all : undefined;
          // A chosen state's pages count all stages; what is known of the others stays.
          const { total, counts, finishedAt } = came;
          return state === ''
            ? { run: id, state, all: came, chosen: undefined }
            : { run: id, state, all: { ...(all ?? NO_STAGES), total, counts, finishedAt }, chosen: came };
        }),
      onProblem: (refused) => setProblem(refused === undefined ? undefined : problemOf(refused)),
    });
    reader.current = made;
    return () => made.close();
  }, [id, state]);

  const want = useCallback((from: number, to: number) => reader.current?.want(from, to), []);
  const refresh = useCallback(() => reader.current?.refresh(), []);

  const all = found?.run === id ? found.all : undefined;
  const chosen = found?.run === id && found.state === state ? found.chosen : undefined;
  const { total, counts } = all ?? NO_STAGES;
  const shown = state === '' ? (all ?? NO_STAGES) : { ...(chosen ?? NO_STAGES), total, counts };
  return { all, shown, problem, want, refresh };
}

function problemOf(refused: unknown): ApiProblem {
  return refused instanceof ApiProblem ? refused : new ApiProblem(0, 'UNREACHABLE', String(refused));
}
