/**
 * Who may use the dashboard: as for our MCP servers, names in `Host` and `Origin` are checked, and with a token nobody
 * passes without it. A browser cannot send a bearer token on its own, so the token is also taken as the password of
 * Basic authentication, under any user name.
 */
import type { FastifyInstance } from 'fastify';
import { type AdmissionRules, refusalOf } from '../http-admission.js';
import { sendProblem } from './problem.js';

/** For probes, which send neither names nor tokens; they tell nothing that could be misused. */
const OPEN_PATHS = new Set(['/healthz', '/readyz']);

export function admitOnly(server: FastifyInstance, rules: AdmissionRules): void {
  server.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const detail = 'The dashboard only shows: use GET.';
      return sendProblem(reply.header('allow', 'GET, HEAD'), { status: 405, title: 'Method not allowed', detail });
    }
    if (OPEN_PATHS.has(request.url.split('?')[0] ?? '')) return;
    const { authorization } = request.headers;
    const headers = { ...request.headers, authorization: bearerOf(authorization) ?? authorization };
    const refusal = refusalOf(headers, rules);
    if (!refusal) return;
    const { status, message: detail } = refusal;
    if (status !== 401) return sendProblem(reply, { status, title: 'Forbidden', detail });
    reply.header('www-authenticate', 'Basic realm="Switchyard", charset="UTF-8"');
    return sendProblem(reply, { status, code: 'UNAUTHORIZED', title: 'Unauthorized', detail });
  });
}

/** Basic credentials as the bearer token that their password is. */
function bearerOf(authorization: string | undefined): string | undefined {
  const credentials = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8')) ?? [];
  return password === undefined ? undefined : `Bearer ${password}`;
}
