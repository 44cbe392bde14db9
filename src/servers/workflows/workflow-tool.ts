/** A workflow as a tool: how it is listed, and what a call of it does. */
import { z } from 'zod';
import type { AgentHints, AgentTool } from '../../agent-tools.js';
import { tasksOf, type WorkflowDefinition } from '../../orchestrators/definition.js';
import { argumentsOf } from './call-options.js';
import { followRun } from './follow-run.js';
import { afterwards, startFindably } from './not-to-repeat.js';
import { answerOf, RunAnswer, toolResult, unseenAnswer } from './run-answer.js';
import type { ServedTool, ToolHost } from './served-tool.js';

const MOST_NAMED_STAGES = 12;

/** @throws SwitchyardError INVALID_CONFIG */
export function workflowTool(definition: WorkflowDefinition, told: AgentTool, host: ToolHost): ServedTool {
  const { sy, waitMs, operator } = host;
  const { name } = definition;
  const taken = argumentsOf(definition, host.mostWaitMs / 1_000);
  return {
    listed: {
      name,
      ...(told.title !== undefined && { title: told.title }),
      description: `${told.description ?? definition.input.description ?? shapeOf(definition)}\n${HOW}`,
      inputSchema: taken.schema,
      outputSchema: z.toJSONSchema(RunAnswer, { io: 'output' }),
      annotations: { ...hintsOf(definition), ...told.hints },
    },
    async call(args, { signal, isClosed, by, listener }) {
      const { input, options } = taken.take(args);
      const { key, tags } = options;
      const run = await startFindably(sy, name, input, { ...(key !== undefined && { key }), ...(tags && { tags }) });
      const limitMs = options.waitSeconds === undefined ? waitMs : options.waitSeconds * 1_000;
      const seen = await afterwards(run.id, 'was accepted', () =>
        followRun(run, { waitMs: limitMs, signal, listener }),
      );
      if (seen) return toolResult('state' in seen ? answerOf(seen.state, operator) : unseenAnswer(run.id, name));
      // One whose client died must not take its run along: it may come back for it.
      if (options.cancelWithCall && !isClosed()) {
        await run.cancel({ by, reason: 'the call that started it was cancelled' });
      }
      return undefined;
    },
  };
}

const HOW =
  'Starts a durable run and waits for its end. If the answer says that it is still running, it goes on: ask run_status or run_wait with its id, and do not start it again. `_run.key` makes a repeated call the same run.';

/** What can be said of a workflow that nobody has described: what it does with which stages. */
function shapeOf(definition: WorkflowDefinition): string {
  const { name } = definition;
  switch (definition.pattern) {
    case 'fan-out':
      return `Workflow ${name}: does ${named(Object.keys(definition.branches))} at once, and keeps what succeeded.`;
    case 'list':
      return `Workflow ${name}: does ${definition.each.name} for each item of a list at once.`;
    case 'router':
      return `Workflow ${name}: classifies its input and answers by one of ${named(Object.keys(definition.routes))}.`;
    case 'saga':
      return `Workflow ${name}: does ${named(
        definition.steps.map((step) => step.name),
        ', then ',
      )}. If a step fails for good, what was done is undone, last first.`;
  }
}

function named(names: readonly string[], by = ', '): string {
  const more = names.length - MOST_NAMED_STAGES;
  return more > 0 ? `${names.slice(0, MOST_NAMED_STAGES).join(by)} and ${more} more` : names.join(by);
}

/**
 * What the tasks declare, and no more. `idempotent` says that doing it again changes nothing, not that it changes nothing or
 * takes nothing away; a keyed effect is repeated under its run's key alone, and another call is another run.
 */
export function hintsOf(definition: WorkflowDefinition): Required<AgentHints> {
  const tasks = tasksOf(definition);
  return {
    readOnlyHint: false,
    destructiveHint: tasks.some((task) => !task.waits),
    idempotentHint: tasks.every(({ effect }) => effect.kind === 'idempotent'),
    openWorldHint: tasks.some((task) => !task.waits),
  };
}
