/** Confirmation of one action: what will happen, by whose word and why, and what the server says to it. */

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { ApiProblem, post } from '../connection/request.js';
import type { RunSummary } from '../connection/shapes.js';
import { ProblemNote } from '../parts/problem-note.js';
import type { Action } from '../words/actions.js';
import { rememberedName, rememberName } from './operator-name.js';
import { type Resolved, ResolveFields } from './resolve-fields.js';
import { ValueField, valueFrom } from './value-field.js';

/** What a run may be asked about at several stages at once. */
const TAKES_STAGE: ReadonlySet<Action['name']> = new Set(['approve', 'reject', 'signal']);

interface ActionDialogProps {
  readonly run: string;
  readonly action: Action;
  readonly onClose: () => void;
  readonly onDone: (after: RunSummary) => void;
}

export function ActionDialog({ run, action, onClose, onDone }: ActionDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [reason, setReason] = useState('');
  const [by, setBy] = useState(rememberedName);
  const [resolved, setResolved] = useState<Resolved>({ outputText: '' });
  const [value, setValue] = useState('');
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);

  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      rememberName(by);
      const said =
        action.name === 'resolve'
          ? resolvedBody(resolved)
          : action.name === 'signal'
            ? { value: valueFrom(value) }
            : {};
      const after = await post<RunSummary>(api.act(run, action.name), {
        ...(reason.trim() !== '' && { reason: reason.trim() }),
        ...(by.trim() !== '' && { by: by.trim() }),
        ...(TAKES_STAGE.has(action.name) && { stage: action.stage }),
        ...said,
      });
      onDone(after);
      dialog.current?.close();
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(422, 'INVALID_INPUT', String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onClose}>
      <form class="stack" onSubmit={send}>
        <h2 id={title}>{action.label}</h2>
        <p>{action.consequence}</p>
        {action.name === 'resolve' && <ResolveFields resolved={resolved} onChange={setResolved} />}
        {action.name === 'signal' && <ValueField text={value} onChange={setValue} />}
        {action.reason !== 'none' && (
          <>
            <label class="field">
              <span>Reason{action.reason === 'optional' && <small> optional</small>}</span>
              <textarea
                rows={2}
                required={action.reason === 'required'}
                value={reason}
                onInput={(event) => setReason(event.currentTarget.value)}
              />
            </label>
            <label class="field">
              <span>
                Your name<small> optional, kept with the run</small>
              </span>
              <input autocomplete="name" value={by} onInput={(event) => setBy(event.currentTarget.value)} />
            </label>
          </>
        )}
        {problem && <ProblemNote problem={problem} />}
        <div class="row end">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Back
          </button>
          <button type="submit" class={`button ${action.weight === 'danger' ? 'danger' : 'main'}`} disabled={busy}>
            {action.label}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function resolvedBody({ happened, outputText }: Resolved): Readonly<Record<string, unknown>> {
  if (happened === undefined) throw new Error('Say whether it happened.');
  if (!happened || outputText.trim() === '') return { happened };
  try {
    return { happened, output: JSON.parse(outputText) as unknown };
  } catch {
    throw new Error('What it returned is not JSON: {"chargeId":"…"}, for example.');
  }
}
