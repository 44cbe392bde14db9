import { api } from '../connection/paths.js';
import { get } from '../connection/request.js';
import type { RunSummary, WorkflowList } from '../connection/shapes.js';
import { useLoad } from '../state/use-load.js';
import { useRetry } from '../state/use-retry.js';

/** The run without its stages, and what is known of its workflow. */
export function useRun(id: string) {
  const { value: run, problem, refresh } = useLoad(id, (signal) => get<RunSummary>(api.run(id), signal));
  const workflows = useLoad('', (signal) => get<WorkflowList>(api.workflows, signal));
  useRetry(workflows.problem, workflows.refresh);
  const workflow = workflows.value?.workflows.find(({ name }) => name === run?.workflow);
  return { run, workflow, problem, refresh };
}
