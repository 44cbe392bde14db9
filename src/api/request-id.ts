/** A request's id: the caller's where it is sane, else one of ours. It is in the answer, in problems and in every line of the log. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '../ports.js';
import { byCaller } from './authorize.js';

/** What may stand in a log, a header and a URL reference without being quoted. */
const SANE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}

export function nameRequests(server: FastifyInstance, log: Logger): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  server.addHook('onResponse', async (request, reply) => {
    const { id, method } = request;
    // The route, not the path: what a path or a query holds may be about people.
    const route = request.routeOptions.url ?? 'none';
    const ms = Math.round(reply.elapsedTime);
    log.info({ request: id, method, route, status: reply.statusCode, ms, ...byCaller(request) }, 'request');
  });
}
