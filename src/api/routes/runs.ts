/** All runs: starting one, and listing them. */
import { z } from 'zod';
import { inTraceOf } from '../../adapters/observability/incoming-trace.js';
import { type Duration, LIST_PAGE, MAX_DELAY_MS, MAX_KEY_LENGTH, PRIORITIES, type Priority } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import type { ApiContext } from '../context.js';
import type { SentRun } from '../redacted-payload.js';
import { answerAccepted, isSettled } from '../run-after.js';
import { problems } from '../shapes/problem.js';
import { AcceptedRun, RunDocument, RunPage, statusFilter, waitQuery } from '../shapes/run.js';
import type { ApiServer } from '../zod-server.js';

const duration = z.union([
  z.int().min(1).max(MAX_DELAY_MS),
  z.templateLiteral([z.number().min(0), z.enum(['ms', 's', 'm', 'h', 'd'])]),
]);

/** What a start takes; further options (tags, a callback) get their line here and in `startOptions`. */
const Start = z.strictObject({
  workflow: z.string().min(1).max(64),
  input: z.unknown(),
  key: z.string().min(1).max(MAX_KEY_LENGTH).optional().describe('the same key is the same run'),
  priority: z.enum(Object.keys(PRIORITIES) as [Priority, ...Priority[]]).optional(),
  delayMs: z.int().min(0).max(MAX_DELAY_MS).optional().describe('before the first stage may begin'),
  deadline: duration.optional().describe('milliseconds, or such as "30s": when the run is stopped'),
  tags: z.record(z.string(), z.string()).optional().describe('up to 8, by which the run is found again'),
  callback: z
    .strictObject({ url: z.string().min(1).max(2_048) })
    .optional()
    .describe('told when the run has ended, signed, at least once; its host must be allowed here'),
});

const instant = z.coerce.number().int().min(0);

const ListQuery = z.strictObject({
  workflow: z.string().min(1).max(64).optional(),
  status: statusFilter.optional().describe('`open`: queued or running; `attention`: waits for a person'),
  from: instant.optional().describe('accepted then or later, milliseconds since the epoch'),
  to: instant.optional().describe('accepted then or before'),
  text: z.string().min(1).max(128).optional().describe("part of the run's id"),
  tag: z.string().min(3).max(256).optional().describe('such as customer=42'),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(LIST_PAGE.max).default(LIST_PAGE.default),
});

export function addRunsRoutes(server: ApiServer, context: ApiContext): void {
  const { sy } = context;

  server.post(
    '/v1/runs',
    {
      schema: {
        operationId: 'startRun',
        summary: 'Start a run',
        description:
          '202 with the run as it stands, once it is durably accepted; 200 when it settled within `waitMs`. Once it is ' +
          'accepted there is no error any more: a run that cannot be looked at then is told of by what is known.',
        tags: ['runs'],
        body: Start,
        querystring: waitQuery,
        response: {
          200: RunDocument,
          202: z.union([RunDocument, AcceptedRun]),
          ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { workflow, input } = request.body;
      const options = startOptions(request.body, context);
      const run = await inTraceOf(request.headers, () => sy.start(workflow, input, options)).catch((error: unknown) => {
        throw withinBody(error);
      });
      const statusOf = (seen: SentRun | undefined) => (seen && isSettled(seen.status) ? 200 : 202);
      return await answerAccepted(context, request, reply, run, statusOf, { status: 'queued' });
    },
  );

  server.get(
    '/v1/runs',
    {
      schema: {
        operationId: 'listRuns',
        summary: 'Runs, newest first',
        description:
          'Of very many runs a page with `text` or `tag` may be short, or empty, and have a cursor: go on with it.',
        tags: ['runs'],
        querystring: ListQuery,
        response: { 200: RunPage, ...problems(401, 403, 422, 429, 503) },
      },
    },
    async (request) => await sy.list(given(request.query)),
  );
}

function startOptions(
  { key, priority, delayMs, deadline, tags, callback }: z.output<typeof Start>,
  context: ApiContext,
) {
  const whom = callback ?? context.callback;
  return given({ key, priority, delay: delayMs, deadline: deadline as Duration | undefined, tags, callback: whom });
}

/** Without what was not said, which is no value of its own. */
function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const said = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** A workflow names what is wrong with its input; whoever sent the request has it under `input`. */
function withinBody(thrown: unknown): unknown {
  if (!(thrown instanceof SwitchyardError) || !thrown.issues) return thrown;
  if (thrown.issues.some(({ path }) => path === 'callback.url')) return thrown;
  const issues = thrown.issues.map(({ path, message }) => ({ path: path === '' ? 'input' : `input.${path}`, message }));
  return new SwitchyardError(thrown.code, thrown.message, { ...thrown.toJSON(), issues, cause: thrown });
}
