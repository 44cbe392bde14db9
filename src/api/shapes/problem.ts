import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';

export const codes = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);

export const Issue = z
  .object({
    path: z.string().describe('dotted path of what is refused: in the body, or from "query." or "path." on'),
    message: z.string(),
  })
  .meta({ id: 'Issue' });

export const Problem = z
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

/** The answers that every route may give besides its own. */
export function problems<Status extends number>(...statuses: readonly Status[]) {
  return Object.fromEntries(statuses.map((status) => [status, Problem])) as Record<Status, typeof Problem>;
}
