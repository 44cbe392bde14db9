/**
 * Confirmation of one action: what will happen, by whose word and why, and what the server says to it. The run goes on while
 * somebody reads it: what is not offered any more cannot be confirmed.
 */

import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { api } from '../connection/paths.js';
import { ApiProblem, post } from '../connection/request.js';
import type { RunSummary } from '../connection/shapes.js';
import { ProblemNote } from '../parts/problem-note.js';
import type { Action } from '../words/actions.js';
import { rememberedName, rememberName } from './operator-name.js';
import { type Resolved, ResolveFields } from './resolve-fields.js';
import { ValueField, valueFrom } from './value-field.js';

interface ActionDialogProps {
  readonly run: string;
  readonly action: Action;
  /** Whether the run as it stands still offers it. */
  readonly isOffered: boolean;
  readonly onClose: () => void;
  readonly onDone: (after: RunSummary) => void;
  /** Of an answer that came when the dialog had been closed: the refusal would be told to nobody. */
  readonly onLate: (problem: ApiProblem) => void;
}

export function ActionDialog({ run, action, isOffered, onClose, onDone, onLate }: ActionDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [reason, setReason] = useState('');
  const [by, setBy] = useState(rememberedName);
  const [resolved, setResolved] = useState<Resolved>({ outputText: '' });
  const [value, setValue] = useState('');
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  const isClosed = useRef(false);
  useEffect(() => dialog.current?.showModal(), []);

  // Not `disabled`: a button that has the focus would lose it, and with it the way back to where somebody was.
  const isBlocked = busy || !isOffered;
  const send = async (event: Event) => {
    event.preventDefault();
    if (isBlocked) return;
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
        ...(action.stage !== undefined && { stage: action.stage }),
        ...said,
      });
      onDone(after);
      dialog.current?.close();
    } catch (error) {
      const refusal = error instanceof ApiProblem ? error : new ApiProblem(422, 'INVALID_INPUT', String(error));
      if (isClosed.current) onLate(lateRefusal(action, refusal));
      else setProblem(refusal);
    } finally {
      setBusy(false);
    }
  };
  const close = () => {
    isClosed.current = true;
    onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={close}>
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
        {!isOffered && !busy && (
          <div class="note warn" role="alert">
            <p>{GONE}</p>
          </div>
        )}
        <div class="row end">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Back
          </button>
          <button
            type="submit"
            class={`button ${action.weight === 'danger' ? 'danger' : 'main'}`}
            aria-disabled={isBlocked}
          >
            {action.label}
          </button>
        </div>
      </form>
    </dialog>
  );
}

const GONE =
  'This is not open any more: the run has gone on since you opened it. Go back, and look at what it asks now.';

function lateRefusal({ label }: Action, { status, code, message, issues }: ApiProblem): ApiProblem {
  return new ApiProblem(status, code, `“${label}” was not done: ${message}`, issues);
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
