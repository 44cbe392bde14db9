/** One run: its document, its timeline page by page, what it was given and what came out. */
import { z } from 'zod';
import { SwitchyardError } from '../../errors.js';
import type { PayloadOf } from '../../queues/look-at-run.js';
import type { ApiContext } from '../context.js';
import { redactedPayload, withoutSecrets } from '../redacted-payload.js';
import { runAfter } from '../run-after.js';
import { problems } from '../shapes/problem.js';
import { RunDocument, runPath, TimelinePage, timelineQuery, waitQuery } from '../shapes/run.js';
import type { ApiServer } from '../zod-server.js';

const PayloadQuery = z.strictObject({
  of: z.enum(['input', 'output', 'stage']),
  stage: z.string().min(1).max(128).optional().describe('with of=stage: its name in the timeline'),
  reveal: z
    .enum(['true', 'false'])
    .default('false')
    .describe('the values; without it the fields and their sizes. Secrets, by the names of their fields, never'),
});

const Payload = z
  .object({
    value: z
      .unknown()
      .optional()
      .describe('absent where nothing is recorded; text that breaks off where it is truncated'),
    redacted: z.boolean(),
    truncated: z.boolean(),
  })
  .meta({ id: 'Payload' });

/** Characters of JSON beyond which a payload is cut: a page is no place for more, and the document has all of it. */
const MAX_SHOWN = 64 * 1024;

export function addRunRoutes(server: ApiServer, context: ApiContext): void {
  const { sy, payloads } = context;

  server.get(
    '/v1/runs/:id',
    {
      schema: {
        operationId: 'getRun',
        summary: 'A run',
        description:
          'As `switchyard show --json` gives it. With `timeline=none` at a cost that does not grow with its stages.',
        tags: ['runs'],
        params: runPath,
        querystring: waitQuery,
        response: { 200: RunDocument, ...problems(401, 403, 404, 422, 429, 503) },
      },
    },
    async (request) => await runAfter(context, sy.run(request.params.id), request.query),
  );

  server.get(
    '/v1/runs/:id/timeline',
    {
      schema: {
        operationId: 'getTimeline',
        summary: "A page of a run's timeline",
        description:
          'At most 30 commands of Redis, whatever the number of stages, but of a fan-out with jobs of other queues (`fromQueue`), which is read whole. Pages of one state may come back short.',
        tags: ['runs'],
        params: runPath,
        querystring: timelineQuery,
        response: { 200: TimelinePage, ...problems(401, 403, 404, 422, 429, 503) },
      },
    },
    async ({ params, query: { after, limit, state } }) =>
      await sy.run(params.id).page({ after, limit, ...(state && { state }) }),
  );

  server.get(
    '/v1/runs/:id/payload',
    {
      schema: {
        operationId: 'getPayload',
        summary: 'What a run was given, or what came out of it or of one stage',
        tags: ['runs'],
        params: runPath,
        querystring: PayloadQuery,
        response: { 200: Payload, ...problems(401, 403, 404, 422, 429, 503) },
      },
    },
    async ({ params, query }) => {
      const reveal = query.reveal === 'true';
      if (reveal && payloads === 'redacted') {
        throw new SwitchyardError(
          'FORBIDDEN',
          'This server shows no payloads: it was started with payloads "redacted".',
        );
      }
      const value = await sy.run(params.id).payload(payloadOf(query));
      if (value === undefined) return { redacted: false, truncated: false };
      return truncated(reveal ? withoutSecrets(value) : { value: redactedPayload(value), redacted: true });
    },
  );
}

function payloadOf({ of, stage }: z.output<typeof PayloadQuery>): PayloadOf {
  if (of !== 'stage') return { of };
  if (stage !== undefined) return { of, stage };
  const issues = [{ path: 'query.stage', message: 'name the stage, as it stands in the timeline' }];
  throw new SwitchyardError('INVALID_INPUT', 'of=stage wants a stage: add &stage=<name>', { issues });
}

function truncated({ value, redacted }: { readonly value: unknown; readonly redacted: boolean }) {
  const text = JSON.stringify(value, null, 2);
  if (text.length <= MAX_SHOWN) return { value, redacted, truncated: false };
  return { value: text.slice(0, MAX_SHOWN), redacted, truncated: true };
}
