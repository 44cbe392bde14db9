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
  const [shown, setShown] = useState<Payload>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [open, setOpen] = useState(false);
  const ask = async (address: string) => {
    try {
      setShown(await get<Payload>(address));
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, 'UNREACHABLE', String(error)));
    }
  };
  const toggle = () => {
    setOpen(!open);
    if (!open) void ask(path);
  };
  return (
    <div class="payload">
      <div class="row">
        <button type="button" class="button small" aria-expanded={open} onClick={toggle}>
          {open ? 'Hide' : 'Show'} {label}
        </button>
        {open && shown?.redacted && (
          <button type="button" class="button small" onClick={() => ask(`${path}&reveal=true`)}>
            Show the values too
          </button>
        )}
      </div>
      {open && problem && <ProblemNote problem={problem} />}
      {open && shown && <PayloadText payload={shown} />}
    </div>
  );
}

function PayloadText({ payload: { value, redacted, truncated } }: { readonly payload: Payload }) {
  if (value === undefined) return <p class="dim">Nothing is recorded.</p>;
  return (
    <>
      {redacted && <p class="dim small">The fields and their sizes.</p>}
      <pre>{truncated ? String(value) : JSON.stringify(value, undefined, 2)}</pre>
      {truncated && <p class="dim small">Cut here; all of it: switchyard show.</p>}
    </>
  );
}
