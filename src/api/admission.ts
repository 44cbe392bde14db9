/**
 * Who may use the server: as for our MCP servers, names in `Host` and `Origin` are checked, and with a token nobody passes
 * without it. A browser cannot send a bearer token on its own, so the token is also taken as the password of Basic
 * authentication, under any user name.
 *
 * A browser does send Basic credentials on its own, also for a page of somebody else: what changes something must come as
 * JSON, which no form can send, and from no other origin.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SwitchyardError } from '../errors.js';
import { type AdmissionRules, bearsToken, refusalOf } from '../http-admission.js';
import type { AllowedMethods } from './allowed-methods.js';
import { sendProblem } from './problem.js';

/** For probes, which send neither names nor tokens; they tell nothing that could be misused. */
export const OPEN_PATHS = new Set(['/healthz', '/readyz']);
export const METRICS_PATH = '/metrics';

export interface Admission extends AdmissionRules {
  /** Whether a route is open to whoever reaches the server by a name of its own: the page that asks for the token. */
  readonly isPage: (path: string) => boolean;
  /** Takes nothing but GET and HEAD. */
  readonly readOnly: boolean;
  readonly methods: Pick<AllowedMethods, 'insteadOf'>;
}

/** The route that takes a request, such as `/v1/runs/:id`; where there is none its path. A path may be written in many ways. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url.split('?')[0] ?? '';
}

export function admitOnly(server: FastifyInstance, admission: Admission): void {
  server.addHook('onRequest', async (request, reply) => {
    const path = routeOf(request);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (!reads && (admission.readOnly || !path.startsWith('/v1/'))) return sendReadOnly(reply, admission.readOnly);
    if (OPEN_PATHS.has(path)) return undefined;
    const refused = refusal(request, path, admission);
    if (refused) return sendRefusal(reply, refused, path);
    const taken = admission.methods.insteadOf(path, request.method);
    if (taken) return sendNotAllowed(reply, taken, `This path takes ${taken.join(', ')}.`);
    // Nothing is said in a DELETE, which a browser sends nowhere else without asking first.
    const speaks = !reads && request.method !== 'DELETE';
    if (speaks && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      const detail = 'Send JSON, with the header content-type: application/json; {} where there is nothing to say.';
      return sendProblem(reply, new SwitchyardError('UNSUPPORTED_MEDIA_TYPE', detail));
    }
    return undefined;
  });
}

/**
 * Prometheus asks each pod by its address, which is no name that anybody could list. The names are checked for browsers, which
 * cannot send a bearer token on their own, and send `Origin` where a page of another has them send one.
 */
function isScraper({ headers }: FastifyRequest, path: string, token: string | undefined): boolean {
  return path === METRICS_PATH && headers.origin === undefined && bearsToken(headers, token);
}

function refusal(request: FastifyRequest, path: string, { isPage, token, allowedHosts }: Admission) {
  if (isScraper(request, path, token)) return undefined;
  const { headers } = request;
  const { authorization } = headers;
  const read = { ...headers, authorization: bearerOf(authorization) ?? authorization };
  return refusalOf(read, { allowedHosts, token: isPage(path) ? undefined : token });
}

function sendReadOnly(reply: FastifyReply, whole: boolean): FastifyReply {
  const detail = whole ? 'This server only shows: use GET.' : 'This path only shows: use GET.';
  return sendNotAllowed(reply, ['GET', 'HEAD'], detail);
}

function sendNotAllowed(reply: FastifyReply, allow: readonly string[], detail: string): FastifyReply {
  return sendProblem(reply.header('allow', allow.join(', ')), new SwitchyardError('METHOD_NOT_ALLOWED', detail));
}

function sendRefusal(
  reply: FastifyReply,
  { status, message }: { readonly status: 401 | 403; readonly message: string },
  path: string,
): FastifyReply {
  if (status === 403) return sendProblem(reply, new SwitchyardError('FORBIDDEN', message));
  // Basic makes a browser ask for the password: right for pages, wrong for what a page of ours asks in the background.
  const scheme = path.startsWith('/v1/') ? 'Bearer' : 'Basic';
  reply.header('www-authenticate', `${scheme} realm="Switchyard"${scheme === 'Basic' ? ', charset="UTF-8"' : ''}`);
  return sendProblem(reply, new SwitchyardError('UNAUTHORIZED', message));
}

/** Basic credentials as the bearer token that their password is. */
function bearerOf(authorization: string | undefined): string | undefined {
  const credentials = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8')) ?? [];
  return password === undefined ? undefined : `Bearer ${password}`;
}
