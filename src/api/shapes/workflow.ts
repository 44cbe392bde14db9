import { z } from 'zod';
import { COUNTED } from '../../ports.js';

const stage = {
  name: z.string(),
  task: z.string(),
  queue: z.string(),
  waits: z.enum(['person', 'signal']).optional(),
  foreign: z.literal(true).optional().describe('its queue is served by workers of others'),
};
const Stage = z.object(stage).meta({ id: 'StageShape' });
const onFailure = z.union([z.enum(['collect', 'fail']), z.object({ quorum: z.int() })]);

const Shape = z
  .discriminatedUnion('pattern', [
    z.object({
      pattern: z.literal('fan-out'),
      onFailure,
      branches: z.array(z.object({ ...stage, conditional: z.boolean() })),
    }),
    z.object({ pattern: z.literal('list'), onFailure, each: Stage }),
    z.object({
      pattern: z.literal('router'),
      routes: z.array(Stage),
      escalation: Stage.optional(),
      slaMs: z.record(z.string(), z.number()),
    }),
    z.object({
      pattern: z.literal('saga'),
      steps: z.array(
        z.object({ ...stage, undo: z.string().optional(), undoQueue: z.string().optional(), pivot: z.boolean() }),
      ),
    }),
  ])
  .meta({ id: 'WorkflowShape', description: 'what a picture of the workflow needs' });

export const WorkflowList = z.object({
  readOnly: z.boolean().describe('whether this server starts and changes nothing'),
  workflows: z.array(
    z
      .object({
        name: z.string(),
        version: z.int(),
        pattern: z.enum(['fan-out', 'list', 'router', 'saga']),
        inputSchema: z.record(z.string(), z.unknown()).describe('JSON Schema of what a start takes as `input`'),
        queues: z.array(z.string()),
        deadlineMs: z.number().optional(),
        shape: Shape,
      })
      .meta({ id: 'Workflow' }),
  ),
});

const counts = Object.fromEntries(COUNTED.map((name) => [name, z.int()])) as Record<(typeof COUNTED)[number], z.ZodInt>;

export const Counts = z
  .object({ workflows: z.record(z.string(), z.object(counts)).describe('by workflow') })
  .meta({ id: 'Counts' });
