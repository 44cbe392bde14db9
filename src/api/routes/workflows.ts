/** What can be started here. Definitions do not change while a process lives: the answer is made once. */
import { z } from 'zod';
import { tasksOf, type WorkflowDefinition } from '../../orchestrators/definition.js';
import { shapeOf } from '../../orchestrators/shape.js';
import type { ApiContext } from '../context.js';
import { problems } from '../shapes/problem.js';
import { Counts, WorkflowList } from '../shapes/workflow.js';
import type { ApiServer } from '../zod-server.js';

export function addWorkflowRoutes(server: ApiServer, { sy, readOnly }: ApiContext): void {
  const workflows = sy.workflows.map(describe);

  server.get(
    '/v1/workflows',
    {
      schema: {
        operationId: 'listWorkflows',
        summary: 'The workflows that can be started here',
        tags: ['workflows'],
        response: { 200: WorkflowList, ...problems(401, 403) },
      },
    },
    async () => ({ workflows, readOnly }),
  );

  server.get(
    '/v1/counts',
    {
      schema: {
        operationId: 'countRuns',
        summary: 'How many runs of each workflow are under way, wait for a person, or ended in each way',
        tags: ['runs'],
        response: { 200: Counts, ...problems(401, 403, 503) },
      },
    },
    async () => ({ workflows: await sy.counts() }),
  );
}

function describe(definition: WorkflowDefinition) {
  const { name, version, pattern, deadlineMs } = definition;
  const queues = [...new Set(tasksOf(definition).flatMap((task) => (task.waits ? [] : [task.queue])))];
  return {
    name,
    version,
    pattern,
    // What JSON Schema cannot say (a refinement, a transformation) is left out, and checked at the start all the same.
    inputSchema: z.toJSONSchema(definition.input, { io: 'input', unrepresentable: 'any' }),
    queues,
    ...(deadlineMs !== undefined && { deadlineMs }),
    shape: shapeOf(definition),
  };
}
