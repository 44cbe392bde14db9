/** Starting a run of one workflow. */

import { api, page } from '../connection/paths.js';
import { get } from '../connection/request.js';
import type { WorkflowList } from '../connection/shapes.js';
import { EmptyNote } from '../parts/empty-note.js';
import { PageFrame } from '../parts/page-frame.js';
import { ProblemNote } from '../parts/problem-note.js';
import { useLoad } from '../state/use-load.js';
import { useRetry } from '../state/use-retry.js';
import { humanName } from '../words/stage-name.js';
import { StartForm } from './start-form.js';

export function StartPage({ workflow }: { readonly workflow: string }) {
  const { value, problem, refresh } = useLoad('', (signal) => get<WorkflowList>(api.workflows, signal));
  useRetry(problem, refresh);
  const known = value?.workflows.find(({ name }) => name === workflow);
  return (
    <PageFrame title={`Start ${workflow}`} at="">
      <p class="crumbs">
        <a href={page.runs()}>Runs</a> / <a href={page.runs({ workflow })}>{workflow}</a>
      </p>
      <h1>Start {humanName(workflow).toLowerCase()}</h1>
      {problem && <ProblemNote problem={problem} />}
      {known && <StartForm workflow={known} />}
      {value && !known && (
        <EmptyNote title={`There is no workflow “${workflow}” here`}>
          <p>
            {value.workflows.map(({ name }) => (
              <a key={name} href={page.start(name)}>
                {name}{' '}
              </a>
            ))}
          </p>
        </EmptyNote>
      )}
    </PageFrame>
  );
}
