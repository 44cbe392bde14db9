/**
 * The one hook for everything beyond a token: who may do what. It is asked once a request, behind the checks of `Host`,
 * `Origin` and token, with the body parsed, so that it can tell one workflow from another.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authorize, AuthorizedRequest } from '../api-settings.js';
import { SwitchyardError } from '../errors.js';
import { OPEN_PATHS } from './admission.js';

const callers = new WeakMap<FastifyRequest, string>();

/** Whom the hook named. */
export function callerOf(request: FastifyRequest): string | undefined {
  return callers.get(request);
}

/** @param isPage paths that hold nothing, and ask for credentials themselves */
export function askAuthorize(
  server: FastifyInstance,
  authorize: Authorize | undefined,
  isPage: (path: string) => boolean,
): void {
  if (!authorize) return;
  server.addHook('preValidation', async (request) => {
    const path = pathOf(request);
    if (OPEN_PATHS.has(path) || isPage(path)) return;
    const answer = await authorize(described(request));
    if (answer === false) {
      throw new SwitchyardError('FORBIDDEN', `You may not ${request.method} ${path}.`);
    }
    if (typeof answer === 'object') callers.set(request, answer.by);
  });
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '';
}

function described(request: FastifyRequest): AuthorizedRequest {
  const path = pathOf(request);
  const run = member(request.params, 'id');
  const workflow = request.method === 'POST' && path === '/v1/runs' ? member(request.body, 'workflow') : undefined;
  return {
    method: request.method,
    route: request.routeOptions.url ?? path,
    path,
    headers: request.headers,
    ip: request.ip,
    ...(run !== undefined && { run }),
    ...(workflow !== undefined && { workflow }),
  };
}

function member(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return typeof found === 'string' ? found : undefined;
}
