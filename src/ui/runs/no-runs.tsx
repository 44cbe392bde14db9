import { page } from '../connection/paths.js';
import type { WorkflowInfo } from '../connection/shapes.js';
import { EmptyNote } from '../parts/empty-note.js';

/** The first thing that a new user sees: what to do next, here and in a terminal. */
export function NoRuns({
  workflows,
  readOnly,
}: {
  readonly workflows: readonly WorkflowInfo[];
  readonly readOnly: boolean;
}) {
  return (
    <EmptyNote title="No runs yet">
      {readOnly ? (
        <p>Start one in a terminal:</p>
      ) : (
        <p>
          Start one from a form:{' '}
          {workflows.map(({ name }, at) => (
            <span key={name}>
              {at > 0 && ', '}
              <a href={page.start(name)}>{name}</a>
            </span>
          ))}
          . Or in a terminal:
        </p>
      )}
      <pre>{`switchyard worker
switchyard enqueue parallel '{"query":"weather in Paris"}' --wait`}</pre>
      <p class="dim small">A worker must be running for anything to happen.</p>
    </EmptyNote>
  );
}
