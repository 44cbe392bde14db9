import { page } from '../connection/paths.js';
import type { ApiProblem } from '../connection/request.js';
import { EmptyNote } from '../parts/empty-note.js';
import { ProblemNote } from '../parts/problem-note.js';

/** In place of a run that cannot be shown: why, and the way on. */
export function NoRun({ id, problem }: { readonly id: string; readonly problem: ApiProblem }) {
  return (
    <>
      <p class="crumbs">
        <a href={page.runs()}>Runs</a>
      </p>
      <h1>Run {id}</h1>
      {problem.code === 'UNKNOWN_RUN' ? (
        <div role="alert">
          <EmptyNote title="There is no such run here">
            <p>
              It was never accepted here, or its retention is over. <a href={page.runs()}>All runs</a>
            </p>
          </EmptyNote>
        </div>
      ) : (
        <ProblemNote problem={problem} />
      )}
    </>
  );
}
