/** What is said of more than one run: pausing, limits, how queues stand; and erasing one. */
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import type { PauseTarget } from '../../queues/pauses.js';
import { byCaller, saidIn } from '../authorize.js';
import type { ApiContext } from '../context.js';
import { problems } from '../shapes/problem.js';
import { runPath } from '../shapes/run.js';
import type { ApiServer } from '../zod-server.js';

const name = z.string().min(1).max(64);
const time = z.number().describe('milliseconds since the epoch');
const pause = { at: time, by: z.string().optional(), reason: z.string().optional() };

const Paused = z
  .object({
    workflows: z.array(z.object({ workflow: name, held: z.int().describe('jobs that wait for it'), ...pause })),
    queues: z.array(z.object({ queue: name, waiting: z.int(), ...pause, at: time.optional() })),
  })
  .meta({ id: 'Paused' });

const Queues = z
  .object({
    queues: z.array(
      z.object({
        queue: name,
        paused: z.object({ ...pause, at: time.optional() }).optional(),
        waiting: z.int(),
        active: z.int(),
        delayed: z.int(),
        total: z.int().optional().describe('jobs at once in all workers'),
        rate: z.object({ max: z.int(), perMs: z.int() }).optional().describe('jobs begun in a span of time'),
        limitedBy: z.enum(['config', 'command']).optional(),
      }),
    ),
  })
  .meta({ id: 'Queues' });

const Target = z.strictObject({
  workflow: name.optional().describe('either this'),
  queue: name.optional().describe('or this'),
  by: z.string().min(1).max(256).optional(),
  reason: z.string().min(1).max(2_000).optional(),
});

export function addEverydayRoutes(server: ApiServer, { sy, log }: ApiContext, readOnly: boolean): void {
  server.get(
    '/v1/paused',
    {
      schema: {
        operationId: 'listPaused',
        summary: 'What is paused, since when and why',
        tags: ['queues'],
        response: { 200: Paused, ...problems(401, 403, 429, 503) },
      },
    },
    async () => await sy.paused(),
  );
  server.get(
    '/v1/queues',
    {
      schema: {
        operationId: 'listQueues',
        summary: 'How the queues stand, and what they are limited to',
        tags: ['queues'],
        response: { 200: Queues, ...problems(401, 403, 429, 503) },
      },
    },
    async () => ({ queues: await sy.queues() }),
  );
  if (readOnly) return;
  for (const [path, summary] of [
    ['pause', 'Let a workflow begin no more runs, or a queue give out no more jobs'],
    ['unpause', 'Let it go on'],
  ] as const) {
    server.post(
      `/v1/${path}`,
      {
        schema: {
          operationId: path,
          summary,
          tags: ['queues'],
          body: Target,
          response: { 200: Paused, ...problems(400, 401, 403, 404, 413, 415, 422, 429, 503) },
        },
      },
      async (request) => {
        const target = targetOf(request.body);
        if (path === 'pause') await sy.pause(target, saidIn(request, request.body));
        else await sy.resume(target);
        return await sy.paused();
      },
    );
  }
  server.delete(
    '/v1/runs/:id',
    {
      schema: {
        operationId: 'eraseRun',
        summary: 'Erase a run that has ended, for good',
        description: 'Record, jobs, results, tags and key. 409 when it has not ended: cancel it first.',
        tags: ['actions'],
        params: runPath,
        response: {
          200: z.object({ run: z.string(), erased: z.literal(true) }),
          ...problems(400, 401, 403, 404, 409, 429, 503),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      await sy.run(id).erase();
      log.info({ request: request.id, run: id, action: 'erase', ...byCaller(request) }, 'said of a run');
      return { run: id, erased: true as const };
    },
  );
}

function targetOf({ workflow, queue }: z.output<typeof Target>): PauseTarget {
  if (workflow !== undefined && queue === undefined) return { workflow };
  if (queue !== undefined && workflow === undefined) return { queue };
  throw new SwitchyardError('INVALID_INPUT', 'Say which: either `workflow` or `queue`.');
}
