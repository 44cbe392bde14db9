/** Schedules. */
import { z } from 'zod';
import { type Duration, PRIORITIES, type Priority } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import type { Schedule } from '../../schedule.js';
import { saidIn } from '../authorize.js';
import type { ApiContext } from '../context.js';
import { codes, problems } from '../shapes/problem.js';
import type { ApiServer } from '../zod-server.js';

const time = z.number().describe('milliseconds since the epoch');
const priority = z.enum(Object.keys(PRIORITIES) as [Priority, ...Priority[]]).optional();
const tags = z.record(z.string(), z.string()).optional();

const Spec = z.strictObject({
  workflow: z.string().min(1).max(64),
  input: z.unknown().optional().describe('of each run; a text that is just {tick} or {date} is filled in'),
  cron: z.string().min(1).max(256).optional().describe('five or six fields; either this or everyMs'),
  everyMs: z.int().min(1_000).optional(),
  tz: z.string().min(1).max(64).optional().describe('of cron; default UTC'),
  key: z.string().min(1).max(256).optional().describe('of each run, with {tick} or {date} in it'),
  priority,
  tags,
});

const ScheduleShape = z
  .object({
    name: z.string(),
    workflow: z.string(),
    input: z.unknown().optional(),
    cron: z.string().optional(),
    everyMs: z.int().optional(),
    tz: z.string().optional(),
    key: z.string().optional(),
    priority,
    tags,
    paused: z.object({ at: time, by: z.string().optional(), reason: z.string().optional() }).optional(),
    next: time.optional().describe('absent while it is paused'),
    last: z
      .object({
        tick: time,
        at: time,
        run: z.string().optional(),
        error: z.object({ code: codes, message: z.string() }).optional(),
      })
      .optional(),
    missed: z.object({ from: time, to: time, count: z.int() }).optional(),
    waits: z.object({ tick: time, since: time }).optional().describe('a tick for which no worker has the workflow'),
  })
  .meta({ id: 'Schedule' });

const path = z.object({ name: z.string().min(1).max(64) });
const Words = z.strictObject({
  by: z.string().min(1).max(256).optional(),
  reason: z.string().min(1).max(2_000).optional(),
});

export function addScheduleRoutes(server: ApiServer, context: ApiContext, readOnly: boolean): void {
  const { schedules } = context.sy;
  const shown = ({ input, ...schedule }: Schedule) =>
    context.payloads === 'redacted' ? schedule : { ...schedule, ...(input !== undefined && { input }) };
  const one = async (name: string) => {
    const found = (await schedules.list()).find((schedule) => schedule.name === name);
    if (found) return shown(found);
    throw new SwitchyardError('INVALID_INPUT', `there is no schedule "${name}"`);
  };

  server.get(
    '/v1/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        summary: 'Schedules by name: next tick, last run, what was missed',
        tags: ['schedules'],
        response: { 200: z.object({ schedules: z.array(ScheduleShape) }), ...problems(401, 403, 429, 503) },
      },
    },
    async () => ({ schedules: (await schedules.list()).map(shown) }),
  );
  if (readOnly) return;
  server.put(
    '/v1/schedules/:name',
    {
      schema: {
        operationId: 'setSchedule',
        summary: 'Make a schedule, or change it',
        tags: ['schedules'],
        params: path,
        body: Spec,
        response: { 200: ScheduleShape, ...problems(400, 401, 403, 404, 413, 415, 422, 429, 503) },
      },
    },
    async (request) => {
      const { everyMs, ...spec } = request.body;
      const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
      const every = everyMs === undefined ? {} : { every: everyMs as Duration };
      return shown(await schedules.upsert(request.params.name, { ...given, workflow: spec.workflow, ...every }));
    },
  );
  for (const [action, summary] of [
    ['pause', 'No ticks until it is resumed'],
    ['resume', 'From the next tick on; those in between are not made up for'],
  ] as const) {
    server.post(
      `/v1/schedules/:name/${action}`,
      {
        schema: {
          operationId: `${action}Schedule`,
          summary,
          tags: ['schedules'],
          params: path,
          body: Words,
          response: { 200: ScheduleShape, ...problems(400, 401, 403, 413, 415, 422, 429, 503) },
        },
      },
      async (request) => {
        const { name } = request.params;
        if (action === 'pause') await schedules.pause(name, saidIn(request, request.body));
        else await schedules.resume(name);
        return await one(name);
      },
    );
  }
  server.delete(
    '/v1/schedules/:name',
    {
      schema: {
        operationId: 'removeSchedule',
        summary: 'Remove a schedule; the runs that it has started stay',
        tags: ['schedules'],
        params: path,
        response: {
          200: z.object({ name: z.string(), removed: z.boolean().describe('false: there was none') }),
          ...problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request) => {
      const { name } = request.params;
      return { name, removed: await schedules.remove(name) };
    },
  );
}
