/** A form made from a workflow's schema. The server's word on the input comes back to the fields that it is about. */

import { useState } from 'preact/hooks';
import { api, page } from '../connection/paths.js';
import { ApiProblem, post } from '../connection/request.js';
import type { RunSummary, WorkflowInfo } from '../connection/shapes.js';
import { ProblemNote } from '../parts/problem-note.js';
import { type Draft, emptyDraft, inputOf, RawJson, withValue } from './draft.js';
import { fieldId } from './field.js';
import { fieldKind, resolved } from './json-schema.js';
import { RefusedNote } from './refused-note.js';
import { SchemaField } from './schema-field.js';
import { NO_CHOICES, optionsOf, type StartChoices } from './start-choices.js';
import { StartOptions } from './start-options.js';

export function StartForm({ workflow }: { readonly workflow: WorkflowInfo }) {
  const [schema] = useState(() => resolved(workflow.inputSchema));
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(schema));
  const [choices, setChoices] = useState<StartChoices>(NO_CHOICES);
  const [problem, setProblem] = useState<ApiProblem>();
  const [busy, setBusy] = useState(false);
  const asJson = draft instanceof RawJson;
  const example = schema.examples?.[0];

  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const run = await post<RunSummary>(api.runs(), {
        workflow: workflow.name,
        input: inputOf(draft, schema),
        ...optionsOf(choices),
      });
      location.assign(page.run(run.id));
    } catch (error) {
      const refused =
        error instanceof ApiProblem ? ofInput(error) : new ApiProblem(422, 'INVALID_INPUT', messageOf(error));
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
        issues={problem?.issues ?? []}
        onChange={(path, value) => setDraft((before: Draft) => withValue(before, path, value))}
      />
      <StartOptions choices={choices} onChange={setChoices} />
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

/** The request has the input as one of its members; the fields count from the input itself. */
function ofInput({ status, code, message, issues }: ApiProblem): ApiProblem {
  const own = issues.map((issue) => ({ ...issue, path: issue.path.replace(/^input\.?/, '') }));
  return new ApiProblem(status, code, message, own);
}

/** Whoever cannot see the page hears at once which field was refused, and why. */
function focusFirst({ issues: [first] }: ApiProblem): void {
  if (first) document.getElementById(fieldId(first.path.split('.')))?.focus();
}
