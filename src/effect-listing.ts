/**
 * What a service must tell so that effects without a run can be found: a tool named `list_effects` that lists the keys it has
 * honoured. Ours have it; a binding can make it of another tool.
 */
import { z } from 'zod';

/** The tool's name, and the last part of the capability. */
export const LIST_EFFECTS = 'list_effects';

export const EFFECTS_PAGE = { default: 100, max: 500 } as const;

export const EffectQuery = z.strictObject({
  after: z.string().max(512).optional().describe('`next` of the page before'),
  prefix: z.string().max(512).optional().describe('only keys that begin with it'),
  limit: z.int().min(1).max(EFFECTS_PAGE.max).default(EFFECTS_PAGE.default),
});
export type EffectQuery = z.infer<typeof EffectQuery>;

export const EffectPage = z.object({
  effects: z
    .array(
      z.object({
        key: z.string(),
        tool: z.string(),
        undone: z.boolean().describe('nothing of it stands: it was undone, or barred before it happened'),
        at: z.iso.datetime().optional().describe('when it happened, where that was kept'),
      }),
    )
    .describe('in the order of their keys'),
  next: z.string().optional().describe('pass it as `after` to go on; absent on the last page'),
});
export type EffectPage = z.infer<typeof EffectPage>;
