/** What a person says of a run. One route each, all of the same form; the table is everything that differs. */
import { z } from 'zod';
import type { Run } from '../../queues/run-handle.js';
import { byCaller } from '../authorize.js';
import type { ApiContext } from '../context.js';
import { answerAccepted } from '../run-after.js';
import { problems } from '../shapes/problem.js';
import { AcceptedRun, RunDocument, runPath, waitQuery } from '../shapes/run.js';
import type { ApiServer } from '../zod-server.js';

const said = {
  by: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('who says it; kept with the run. Whom `authorize` names goes before'),
  reason: z.string().min(1).max(2_000).optional().describe('why; kept with the run'),
};
const reasoned = { ...said, reason: z.string().trim().min(1).max(2_000).describe('why, for whoever asks later') };
const stage = z.string().min(1).max(128);

type Said = { readonly by?: string; readonly reason?: string };

/** Says it of the run, and returns the one that goes on where that is another. */
type Say<Body> = (run: Run, body: Body) => Promise<Run | undefined>;

interface Action {
  readonly name: string;
  readonly summary: string;
  readonly body: z.ZodType;
  readonly say: Say<unknown>;
}

/** Ties a body's type to what is done with it; in the table it is gone again. */
function action<Body extends z.ZodType>(name: string, summary: string, body: Body, say: Say<z.output<Body>>): Action {
  return { name, summary, body, say: say as Say<unknown> };
}

const plain = z.strictObject(said);
const about = {
  stage: stage.optional().describe('what the question is about: refused when the run asks about another stage by now'),
};
const answer = z.strictObject({ ...said, stage: stage.optional().describe('which, where the run asks about several') });

const ACTIONS: readonly Action[] = [
  action(
    'cancel',
    'Stop it: what waits is dropped, what runs is aborted, a saga undoes what it did',
    plain,
    async (run, body) => void (await run.cancel(words(body))),
  ),
  action('retry', 'Do what failed again: in its place, or as another run, which is returned', plain, (run, body) =>
    run.retry(words(body)),
  ),
  action(
    'resume',
    'Try the stuck undo, or the stuck step past the pivot, again',
    z.strictObject({ ...said, ...about }),
    async (run, body) => void (await run.resume({ ...words(body), ...stageIn(body) })),
  ),
  action(
    'skip',
    'Leave the stuck undo undone, and go on with the others',
    z.strictObject({ ...reasoned, ...about }),
    async (run, body) => void (await run.skip({ ...words(body), ...stageIn(body), reason: body.reason })),
  ),
  action(
    'abandon',
    'End it as failed, with all that is due left undone',
    z.strictObject({ ...reasoned, ...about }),
    async (run, body) => void (await run.abandon({ ...words(body), ...stageIn(body), reason: body.reason })),
  ),
  action(
    'approve',
    'Say yes',
    answer,
    async (run, body) => void (await run.approve({ ...words(body), ...stageIn(body) })),
  ),
  action(
    'reject',
    'Say no: the stage fails',
    answer,
    async (run, body) => void (await run.reject({ ...words(body), ...stageIn(body) })),
  ),
  action(
    'resolve',
    'Say whether the effect happened that the run asks about',
    z.strictObject({
      ...said,
      ...about,
      happened: z.boolean(),
      output: z.unknown().optional().describe('what the step returned'),
    }),
    async (run, body) =>
      void (await run.resolve({
        ...words(body),
        ...stageIn(body),
        happened: body.happened,
        output: body.output,
      })),
  ),
  action(
    'signal',
    'Give a stage the value that it waits for, or will wait for',
    z.strictObject({ ...said, stage, value: z.unknown() }),
    async (run, body) => void (await run.signal(body.stage, body.value)),
  ),
];

export function addActionRoutes(server: ApiServer, context: ApiContext): void {
  for (const { name, summary, body, say } of ACTIONS) {
    server.post(
      `/v1/runs/:id/${name}`,
      {
        schema: {
          operationId: `${name}Run`,
          summary,
          description:
            'Answers with the run as it stands then, or after `waitMs`; 202 when it was said and the run could not be looked at.',
          tags: ['actions'],
          params: runPath,
          querystring: waitQuery,
          body,
          response: {
            200: RunDocument,
            202: AcceptedRun,
            ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
          },
        },
      },
      async (request, reply) => {
        const run = context.sy.run(request.params.id);
        const caller = byCaller(request);
        const spoken = typeof request.body === 'object' && request.body !== null ? request.body : {};
        // Whom `authorize` named has said it, whomever the body names.
        const next = (await say(run, { ...spoken, ...caller })) ?? run;
        context.log.info({ request: request.id, run: run.id, action: name, ...caller }, 'said of a run');
        return await answerAccepted(context, request, reply, next, (after) => (after ? 200 : 202));
      },
    );
  }
}

function words({ by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined }): Said {
  return { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
}

function stageIn({ stage: named }: { readonly stage?: string | undefined }): { readonly stage?: string } {
  return named === undefined ? {} : { stage: named };
}
