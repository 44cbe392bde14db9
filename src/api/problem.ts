/** How every refusal and failure is told: RFC 9457, always with a code of `errors.ts`, always with the request's id. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES, type ErrorCode, SwitchyardError } from '../errors.js';
import type { Logger } from '../ports.js';

/** What Fastify itself refuses, by the status that it gives. */
const OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
};

/** Whoever is away comes back in seconds, or a person has to see to it; asked each second it is told of in time. */
const UNAVAILABLE_RETRY_MS = 1_000;

export function sendProblem(reply: FastifyReply, error: SwitchyardError): FastifyReply {
  const { code, message: detail, issues } = error;
  const { http: status, retryable } = ERROR_CODES[code];
  const retryAfterMs = error.retryAfterMs ?? (status === 503 && retryable ? UNAVAILABLE_RETRY_MS : undefined);
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  return reply
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: typeOf(code),
        title: STATUS_CODES[status] ?? 'Error',
        status,
        code,
        detail,
        instance: reply.request.id,
        ...(issues && { issues }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      }),
    );
}

/** What is no request, or never becomes a whole one; there is nothing to answer it with but its connection. */
const BROKEN: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than is taken.'],
};

export function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET') return;
  const [status, detail] = BROKEN[error.code ?? ''] ?? [400, 'This is no HTTP request.'];
  const code = 'INVALID_REQUEST';
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: typeOf(code), title, status, code, detail, instance: randomUUID() });
  const head = `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}`;
  if (socket.writable) socket.write(`${head}\r\nconnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}

function typeOf(code: ErrorCode): string {
  return `urn:switchyard:error:${code}`;
}

export function answerErrors(server: FastifyInstance, log: Logger): void {
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    return sendProblem(reply, new SwitchyardError('NOT_FOUND', `There is no ${request.method} ${path}.`));
  });
  server.setErrorHandler((thrown, request, reply) => {
    const error = told(thrown, request);
    if (ERROR_CODES[error.code].http >= 500) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      log.error({ request: request.id, path: request.routeOptions.url, code: error.code, reason }, 'a request failed');
    }
    return sendProblem(reply, error);
  });
}

/** Whatever was thrown as it may be told: what is none of ours may name anything, and is only in the log. */
function told(thrown: unknown, request: FastifyRequest): SwitchyardError {
  if (thrown instanceof SwitchyardError) return thrown;
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  const code = OF_STATUS[status] ?? (status < 500 ? 'INVALID_REQUEST' : 'INTERNAL');
  if (code === 'INTERNAL' || !(thrown instanceof Error)) {
    const where = `the server's log has the reason, under request ${request.id}`;
    return new SwitchyardError('INTERNAL', `This request could not be answered: ${where}.`, { cause: thrown });
  }
  if (code === 'TOO_LARGE') {
    return new SwitchyardError(code, `${thrown.message}: store the data elsewhere and send a reference to it`);
  }
  if (code === 'UNSUPPORTED_MEDIA_TYPE') {
    return new SwitchyardError(code, 'Send JSON, with the header content-type: application/json.');
  }
  return new SwitchyardError(code, thrown.message, { cause: thrown });
}
