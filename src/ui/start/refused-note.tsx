import type { InputIssue } from '../../errors.js';
import { humanName } from '../words/stage-name.js';
import { fieldId } from './field.js';

/** How many fields were refused, and the way to each; what is wrong is said there. */
export function RefusedNote({ issues }: { readonly issues: readonly InputIssue[] }) {
  return (
    <div class="note bad" role="alert">
      <p>
        {issues.length === 1 ? 'One field needs' : `${issues.length} fields need`} a change:{' '}
        {issues.map(({ path, message }, at) => (
          <span key={path + message}>
            {at > 0 && ', '}
            {path === '' ? (
              message
            ) : (
              <a href={`#${fieldId(path.split('.'))}`}>{path.split('.').map(humanName).join(' › ')}</a>
            )}
          </span>
        ))}
      </p>
    </div>
  );
}
