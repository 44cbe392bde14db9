import type { FastifyReply } from 'fastify';
import type { ErrorCode } from '../errors.js';

export interface Problem {
  readonly status: number;
  /** Where one of our codes says it; a request for what is not there is HTTP's own business. */
  readonly code?: ErrorCode | undefined;
  readonly title: string;
  readonly detail: string;
}

/** RFC 9457, with our code where there is one. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', ...problem }));
}
