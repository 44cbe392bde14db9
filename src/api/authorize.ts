/**
 * The one hook for everything beyond a token: who may do what. It is asked behind the checks of `Host`, `Origin` and token,
 * with the body parsed, so that it can tell one workflow from another.
 *
 * What a request is about is decided by the route that takes it, never by its path: `/v1/ru%6es` and `http://host/v1/runs` are
 * taken as `/v1/runs` is, and would otherwise start what its sender may not start.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authorize, AuthorizedRequest } from '../api-settings.js';
import type { Switchyard } from '../engine/engine.js';
import { SwitchyardError } from '../errors.js';
import { parseRunId } from '../names.js';
import type { Said } from '../queues/said.js';
import { OPEN_PATHS, routeOf } from './admission.js';

const callers = new WeakMap<FastifyRequest, string>();

/** Whom the hook named. */
export function callerOf(request: FastifyRequest): string | undefined {
  return callers.get(request);
}

/** For a line of the log. */
export function byCaller(request: FastifyRequest): { readonly by?: string } {
  const by = callerOf(request);
  return by === undefined ? {} : { by };
}

interface Body {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** Who says it, and why. Whom the hook named has said it, whomever the request names: what is kept must be worth its name. */
export function saidIn(request: FastifyRequest, { by: named, reason }: Body): Said {
  const by = callerOf(request) ?? named;
  return { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
}

/** @param isPage routes that hold nothing, and ask for credentials themselves */
export function askAuthorize(
  server: FastifyInstance,
  authorize: Authorize | undefined,
  isPage: (route: string) => boolean,
  { schedules }: Pick<Switchyard, 'schedules'>,
): void {
  if (!authorize) return;
  server.addHook('preValidation', async (request) => {
    const route = routeOf(request);
    if (OPEN_PATHS.has(route) || isPage(route)) return;
    for (const workflow of await workflowsOf(request, route, schedules)) {
      const answer = await authorize(described(request, route, workflow));
      if (answer === false) throw new SwitchyardError('FORBIDDEN', `You may not ${request.method} ${pathOf(request)}.`);
      if (typeof answer === 'object') callers.set(request, answer.by);
    }
  });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '';
}

/** Whose body says which workflow it is about. */
const NAME_IT: ReadonlySet<string> = new Set(['/v1/runs', '/v1/schedules/:name', '/v1/pause', '/v1/unpause']);

/** Which workflows a request is about: one; two for a schedule that is given to another; `undefined` for none. */
async function workflowsOf(
  request: FastifyRequest,
  route: string,
  schedules: Pick<Switchyard['schedules'], 'list'>,
): Promise<readonly (string | undefined)[]> {
  const named = NAME_IT.has(route) ? member(request.body, 'workflow') : undefined;
  const run = runOf(request, route);
  const ofRun = run === undefined ? undefined : parseRunId(run)?.workflow;
  const schedule = scheduleOf(request, route);
  const ofSchedule =
    schedule === undefined ? undefined : (await schedules.list()).find(({ name }) => name === schedule)?.workflow;
  const about = [named, ofRun, ofSchedule].filter((workflow) => workflow !== undefined);
  return about.length > 0 ? [...new Set(about)] : [undefined];
}

function described(request: FastifyRequest, route: string, workflow: string | undefined): AuthorizedRequest {
  const run = runOf(request, route);
  const schedule = scheduleOf(request, route);
  return {
    method: request.method,
    route,
    path: pathOf(request),
    headers: request.headers,
    ip: request.ip,
    ...(run !== undefined && { run }),
    ...(schedule !== undefined && { schedule }),
    ...(workflow !== undefined && { workflow }),
  };
}

function runOf(request: FastifyRequest, route: string): string | undefined {
  return route.startsWith('/v1/runs/:id') ? member(request.params, 'id') : undefined;
}

function scheduleOf(request: FastifyRequest, route: string): string | undefined {
  return route.startsWith('/v1/schedules/:name') ? member(request.params, 'name') : undefined;
}

function member(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return typeof found === 'string' ? found : undefined;
}
