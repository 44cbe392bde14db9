import type { Payload } from '../connection/shapes.js';
import { useState } from 'preact/hooks';
import { type ApiProblem, get } from '../connection/request.js';
import { ProblemNote } from './problem-note.js';

interface PayloadViewProps {
  readonly path: string;
  /** "Input", "Output of charge payment". */
  readonly label: string;
}

/** A payload, fetched only when somebody asks to see it: most looks at a run need none, and it may be personal. */
export function PayloadView({ path, label }: PayloadViewProps) {
  const [shown, setShown] = useState<Payload>();
  const [problem, setProblem] = useState<ApiProblem>();
  const [open, setOpen] = useState(false);
  const toggle = async () => {
    setOpen(!open);
    if (open) return;
    try {
      setShown(await get<Payload>(path));
      setProblem(undefined);
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <div class="payload">
      <button type="button" class="button small" aria-expanded={open} onClick={toggle}>
        {open ? 'Hide' : 'Show'} {label}
      </button>
      {open && problem && <ProblemNote problem={problem} />}
      {open && shown && (
        <>
          {shown.redacted && <p class="dim small">Redacted: what it is about stays with whoever can reach Redis.</p>}
          <pre>{JSON.stringify(shown.value, undefined, 2)}</pre>
          {shown.truncated && <p class="dim small">Cut: it is longer than what is shown here.</p>}
        </>
      )}
    </div>
  );
}
