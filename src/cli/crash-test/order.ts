/** What is done to one run: told to the workers, which otherwise work as they always do. */
import { z } from 'zod';
import { FAULTS } from '../../servers/recording-proxy/settings.js';

/** A boundary in a worker's work on a run; `task` for what has no intent: a branch, a route, an escalation. */
const MOMENTS = ['intent', 'task', 'record', 'failure', 'append', 'decision', 'end'] as const;
export type Moment = (typeof MOMENTS)[number];

export const Boundary = z.object({
  when: z.enum(['before', 'after']),
  moment: z.enum(MOMENTS),
  /** For an append, the first stage that is appended; empty for what concerns the run as a whole. */
  stage: z.string(),
});
export type Boundary = z.infer<typeof Boundary>;

export const Order = z.object({
  /** The worker stops the run here and is killed. */
  kill: Boundary.optional(),
  /** What happens to the calls of this stage's first attempt. */
  call: z
    .object({
      stage: z.string(),
      fault: z.enum(FAULTS),
      /** The caller waits no longer than this for an answer that does not come. */
      timeoutMs: z.number().optional(),
    })
    .optional(),
  /** The stage's task refuses, for good and before it has done anything, from this attempt on. */
  refuse: z.object({ stage: z.string(), fromAttempt: z.number() }).optional(),
  /** The stage's approval is answered with a no. */
  reject: z.string().optional(),
  /** The saga turns round at its last chance: its pivot refuses, or its `returns` throws where it has none. */
  turnRound: z.boolean().optional(),
});
export type Order = z.infer<typeof Order>;

export function sameBoundary(one: Boundary, other: Boundary): boolean {
  return one.when === other.when && one.moment === other.moment && one.stage === other.stage;
}
