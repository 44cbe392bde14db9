/** Watching: a run, and the list of all, as server-sent events. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isFinalStatus } from '../../facts.js';
import { type RunProgress, runEvent, stateId } from '../../orchestrators/run-events.js';
import type { ApiContext } from '../context.js';
import { createEventStream, type EventStream, type Message } from '../live/event-stream.js';
import { type Overview, overviewId } from '../live/live-runs.js';
import type { SharedPolls } from '../live/polls.js';
import { problems } from '../shapes/problem.js';
import { runPath } from '../shapes/run.js';
import type { ApiServer } from '../zod-server.js';

const resumes = z.looseObject({
  'last-event-id': z.string().max(64).optional().describe('of the last event that was taken'),
});
const events = {
  description: 'events until the run ends; docs/http.md has them',
  content: { 'text/event-stream': { schema: z.string() } },
};

interface Followed<State> {
  readonly polls: SharedPolls<State>;
  readonly key: string;
  /** What somebody has to be told who knows `before`. */
  readonly tell: (before: State | undefined, now: State) => readonly Message[];
}

export function addEventRoutes(server: ApiServer, context: ApiContext): void {
  const { live } = context;

  server.get(
    '/v1/runs/:id/events',
    {
      schema: {
        operationId: 'watchRun',
        summary: 'Watch a run',
        description:
          'Events `run`, until `end`. With `Last-Event-ID` what has changed since, or everything; never less.',
        tags: ['events'],
        params: runPath,
        headers: resumes,
        response: { 200: events, ...problems(401, 403, 404, 429, 503) },
      },
    },
    (request, reply) => follow(context, request, reply, { polls: live.runs, key: request.params.id, tell: tellRun }),
  );

  server.get(
    '/v1/events',
    {
      schema: {
        operationId: 'watchRuns',
        summary: 'Watch the list of runs',
        description: 'Events `runs`: counts, and the newest runs, each time one of them has changed.',
        tags: ['events'],
        headers: resumes,
        response: { 200: events, ...problems(401, 403, 429, 503) },
      },
    },
    (request, reply) => follow(context, request, reply, { polls: live.overview, key: '*', tell: tellOverview }),
  );
}

function tellRun(before: RunProgress | undefined, now: RunProgress): readonly Message[] {
  const event = runEvent(before, now);
  const changed: readonly Message[] = event ? [{ event: 'run', id: stateId(now), data: event }] : [];
  return isFinalStatus(now.status) ? [...changed, { event: 'end', data: { status: now.status }, last: true }] : changed;
}

function tellOverview(before: Overview | undefined, now: Overview): readonly Message[] {
  const id = overviewId(now);
  return before && overviewId(before) === id ? [] : [{ event: 'runs', id, data: now }];
}

/** Opens one client's stream. `known` is what the client has taken, which may be older than what there is. */
async function follow<State>(
  { closing, log, streams }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { polls, key, tell }: Followed<State>,
): Promise<FastifyReply> {
  // nginx would keep events until its buffer is full.
  reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).type('text/event-stream; charset=utf-8');
  if (request.method === 'HEAD') {
    // Nobody would read the stream, and nobody close it.
    (await polls.watch(key, { changed() {}, gone() {} })).leave();
    return reply.send();
  }
  const free = streams.take(request.ip);
  let out: EventStream | undefined;
  let known: State | undefined;
  let latest: State | undefined;
  const say = () => {
    if (latest === undefined) return [];
    const messages = tell(known, latest);
    known = latest;
    return messages;
  };
  const end = () => out?.end();
  const watch = await polls
    .watch(key, {
      changed(state) {
        latest = state;
        out?.offer(say);
      },
      gone: end,
    })
    .catch((error: unknown) => {
      free();
      throw error;
    });
  out = createEventStream({
    onClose(why) {
      watch.leave();
      free();
      closing.removeEventListener('abort', end);
      if (why !== 'stalled') return;
      log.info({ request: request.id, watched: key }, 'a client that took nothing was dropped');
      request.raw.socket.destroy();
    },
  });
  closing.addEventListener('abort', end, { once: true });
  const last = request.headers['last-event-id'];
  known = typeof last === 'string' ? watch.known(last) : undefined;
  latest = watch.state;
  out.offer(say);
  if (closing.aborted) end();
  return reply.send(out.body);
}
