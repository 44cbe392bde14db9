/** Handing a query over to people. */
import { z } from 'zod';
import { defineTask } from '../task.js';

const ASSIGNED_TO = 'Senior support team';

const escalationResult = z.object({
  escalated: z.literal(true),
  /** Which rule fired. */
  reason: z.string(),
  assignedTo: z.string(),
  /** ISO 8601, when the hand-over was made. */
  escalationTime: z.iso.datetime(),
  /** What had been answered by then; null when the query came straight here. */
  originalResult: z.record(z.string(), z.unknown()).nullable(),
});

export type Escalation = z.output<typeof escalationResult>;

/**
 * A task, not a computation of the router's: the time is read from a clock, and whoever replaces this by a ticket system
 * has an effect here. Repeating it only sets a later time.
 */
export const escalate = defineTask({
  name: 'support.escalation',
  queue: 'escalation',
  idempotent: true,
  timeout: '10s',
  input: z.object({
    /** For whoever takes over; kept out of logs, where what customers write does not belong. */
    query: z.string(),
    reason: z.string(),
    originalResult: z.record(z.string(), z.unknown()).nullable(),
  }),
  output: escalationResult,
  run: ({ reason, originalResult }, { log }) => {
    log.info({ reason }, 'query escalated');
    return {
      escalated: true as const,
      reason,
      assignedTo: ASSIGNED_TO,
      escalationTime: new Date().toISOString(),
      originalResult,
    };
  },
});
