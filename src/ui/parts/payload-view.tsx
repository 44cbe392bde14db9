import { useState } from 'preact/hooks';
import { ApiProblem, get } from '../connection/request.js';
import type { Payload } from '../connection/shapes.js';
import { ProblemNote } from './problem-note.js';

interface PayloadViewProps {
  readonly path: string;
  /** "input", "output". */
  readonly label: string;
}

/**
 * A payload, fetched only when somebody asks to see it, and then its fields first: most looks at a run need no more, and the
 * values may be personal.
 */
export function PayloadView({ path, label }: PayloadViewProps) {
  const [shown, setShown] = useState<Shown>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [open, setOpen] = useState(false);
  const ask = async (withValues: boolean) => {
    try {
      const payload = await get<Payload>(withValues ? `${path}&reveal=true` : path);
      setShown({ payload, withValues });
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, 'UNREACHABLE', String(error)));
    }
  };
  const toggle = () => {
    setOpen(!open);
    if (!open) void ask(false);
  };
  return (
    <div class="payload">
      <div class="row">
        <button type="button" class="button small" aria-expanded={open} onClick={toggle}>
          {open ? 'Hide' : 'Show'} {label}
        </button>
        {open && shown && !shown.withValues && shown.payload.redacted && (
          <button type="button" class="button small" onClick={() => ask(true)}>
            Show the values too
          </button>
        )}
      </div>
      {open && problem && <ProblemNote problem={problem} />}
      {open && shown && <PayloadText shown={shown} />}
    </div>
  );
}

interface Shown {
  readonly payload: Payload;
  /** Whether the values were asked for: then what is redacted are secrets, by the names of their fields. */
  readonly withValues: boolean;
}

function PayloadText({ shown: { payload, withValues } }: { readonly shown: Shown }) {
  const { value, redacted, truncated } = payload;
  if (value === undefined) return <p class="dim">Nothing is recorded.</p>;
  const what = withValues ? 'The values, without those of fields that name a secret.' : 'The fields and their sizes.';
  return (
    <>
      {redacted && <p class="dim small">{what}</p>}
      <pre>{truncated ? String(value) : JSON.stringify(value, undefined, 2)}</pre>
      {truncated && <p class="dim small">Cut here; all of it: switchyard show.</p>}
    </>
  );
}
