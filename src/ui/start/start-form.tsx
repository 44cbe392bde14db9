/** A form made from a workflow's schema. The server's word on the input comes back to the fields that it is about. */

import { useEffect, useState } from 'preact/hooks';
import { api, page } from '../connection/paths.js';
import { ApiProblem, post } from '../connection/request.js';
import type { RunSummary, WorkflowInfo } from '../connection/shapes.js';
import { ProblemNote } from '../parts/problem-note.js';
import { type Draft, emptyDraft, inputOf, RawJson, withValue } from './draft.js';
import { focusPlace, inputIssues, placeOf } from './issue-place.js';
import { fieldKind, resolved } from './json-schema.js';
import { RefusedNote } from './refused-note.js';
import { SchemaField } from './schema-field.js';
import { NO_CHOICES, optionsOf, type StartChoices } from './start-choices.js';
import { createStartKey } from './start-key.js';
import { StartOptions } from './start-options.js';

export function StartForm({ workflow }: { readonly workflow: WorkflowInfo }) {
  const [schema] = useState(() => resolved(workflow.inputSchema));
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(schema));
  const [choices, setChoices] = useState<StartChoices>(NO_CHOICES);
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  const [startKey] = useState(createStartKey);
  // What is started after a change is another run, whatever became of the press before it.
  useEffect(() => startKey.renew(), [draft, choices, startKey]);
  useEffect(() => {
    // The browser's Back brings the page as it was left: with its button disabled.
    const shown = ({ persisted }: PageTransitionEvent) => persisted && setBusy(false);
    addEventListener('pageshow', shown);
    return () => removeEventListener('pageshow', shown);
  }, []);
  const asJson = draft instanceof RawJson;
  const example = schema.examples?.[0];

  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const run = await post<RunSummary>(api.start, {
        workflow: workflow.name,
        input: inputOf(draft, schema),
        key: startKey.current(),
        ...optionsOf(choices),
      });
      startKey.renew();
      location.assign(page.run(run.id));
    } catch (error) {
      const refused = error instanceof ApiProblem ? error : new ApiProblem(422, 'INVALID_INPUT', messageOf(error));
      startKey.refused(refused.status);
      setProblem(refused);
      setBusy(false);
      focusFirst(refused);
    }
  };
  const switchForm = () => {
    try {
      setDraft(asJson ? (inputOf(draft, schema) ?? emptyDraft(schema)) : new RawJson(jsonOf(inputOf(draft, schema))));
      setProblem(undefined);
    } catch (error) {
      setProblem(new ApiProblem(422, 'INVALID_INPUT', messageOf(error)));
    }
  };
  return (
    <form class="start stack" onSubmit={send} noValidate>
      <div class="row">
        {example !== undefined && (
          <button
            type="button"
            class="button small"
            onClick={() => setDraft(asJson ? new RawJson(jsonOf(example)) : example)}
          >
            Fill in the example
          </button>
        )}
        {fieldKind(schema) !== 'json' && (
          <button type="button" class="button small" aria-pressed={asJson} onClick={switchForm}>
            {asJson ? 'Back to the form' : 'Write it as JSON'}
          </button>
        )}
      </div>
      <SchemaField
        schema={schema}
        path={[]}
        label="Input"
        required
        value={draft}
        issues={inputIssues(problem?.issues ?? [])}
        onChange={(path, value) => setDraft((before: Draft) => withValue(before, path, value))}
      />
      <StartOptions choices={choices} issues={problem?.issues ?? []} onChange={setChoices} />
      {problem &&
        (problem.issues.length > 0 ? <RefusedNote issues={problem.issues} /> : <ProblemNote problem={problem} />)}
      <div class="row">
        <button type="submit" class="button main" disabled={busy}>
          Start {workflow.name}
        </button>
        <a class="button" href={page.runs()}>
          Back
        </a>
      </div>
    </form>
  );
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, undefined, 2) ?? '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whoever cannot see the page hears at once which field was refused, and why. */
function focusFirst({ issues: [first] }: ApiProblem): void {
  const place = first && placeOf(first.path);
  // Behind the drawing of the fields with what is wrong with them, which is read aloud with the focus.
  if (place) queueMicrotask(() => focusPlace(place));
}
