import type { InputIssue } from '../../errors.js';
import { focusPlace, placeOf } from './issue-place.js';

/** How many fields were refused, and the way to each; what is wrong is said there, or here where there is no such field. */
export function RefusedNote({ issues }: { readonly issues: readonly InputIssue[] }) {
  return (
    <div class="note bad" role="alert">
      <p>
        {issues.length === 1 ? 'One field needs' : `${issues.length} fields need`} a change:{' '}
        {issues.map((issue, at) => (
          <span key={issue.path + issue.message}>
            {at > 0 && ', '}
            <Refused issue={issue} />
          </span>
        ))}
      </p>
    </div>
  );
}

function Refused({ issue: { path, message } }: { readonly issue: InputIssue }) {
  const place = placeOf(path);
  if (!place) {
    return (
      <>
        {path !== '' && <code>{path}</code>} {message}
      </>
    );
  }
  const follow = (event: Event) => {
    event.preventDefault();
    focusPlace(place);
  };
  return (
    <a href={`#${place.ids[0]}`} onClick={follow}>
      {place.words}
    </a>
  );
}
