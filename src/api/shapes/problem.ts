import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';

export const codes = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);

export const Issue = z
  .object({
    path: z.string().describe('dotted path of what is refused: in the body, or from "query." or "path." on'),
    message: z.string(),
  })
  .meta({ id: 'Issue' });

const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: codes,
    detail: z.string().describe('what failed, for which id, and what to do next'),
    instance: z.string().describe("the request's id, as it stands in the logs"),
    issues: z.array(Issue).optional(),
    retryAfterMs: z.number().optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457, with a stable code' });

/** The refusals and failures of a route, by status, for its part of the OpenAPI document. */
export function problems<Status extends number>(...statuses: readonly Status[]) {
  const described = { description: 'refused, or failed', content: { 'application/problem+json': { schema: Problem } } };
  return Object.fromEntries(statuses.map((status) => [status, described])) as Record<Status, typeof described>;
}
