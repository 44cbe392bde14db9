import type { ApiProblem } from '../connection/request.js';

/** What the server refused, and why; announced when it appears. */
export function ProblemNote({ problem }: { readonly problem: ApiProblem }) {
  return (
    <div class="note bad" role="alert">
      <p>{problem.message}</p>
      {problem.issues.length > 0 && (
        <ul>
          {problem.issues.map(({ path, message }) => (
            <li key={path + message}>
              {path !== '' && <code>{path}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      {problem.status !== 0 && <p class="dim small">{problem.code}</p>}
    </div>
  );
}
