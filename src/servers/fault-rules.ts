/**
 * Faults that a demo or a test orders: a JSON file with a list of rules, the first that fits a call strikes.
 *
 * ```json
 * [
 *   { "tool": "create_shipping_label", "match": "order-42", "fail": "always", "message": "no carrier today" },
 *   { "tool": "charge_payment", "fail": 2, "when": "after" },
 *   { "tool": "get_current_weather", "hang": true }
 * ]
 * ```
 */
import { z } from 'zod';
import { SwitchyardError } from '../errors.js';

const FaultRule = z
  .strictObject({
    tool: z.string().min(1),
    /** Only calls whose arguments, as JSON, contain this text. */
    match: z.string().min(1).optional(),
    /**
     * How many calls the rule strikes, counted for each distinct idempotency key (else: arguments), over all processes
     * and restarts. With neither `hang` nor `dieAfterEffect` the strike is an error. Default: `dieAfterEffect` strikes
     * once, as a server that died again at each repetition could never be finished with; everything else always.
     */
    fail: z.union([z.int().min(1), z.literal('always')]).optional(),
    message: z.string().min(1).optional(),
    /** Whether the error says that a repetition may help. */
    retryable: z.boolean().default(true),
    /** Milliseconds that the error asks to wait. */
    retryAfterMs: z.int().min(0).optional(),
    /** `before`: the effect does not happen. `after`: it happens, and its answer is lost. */
    when: z.enum(['before', 'after']).default('before'),
    /** Milliseconds that the call waits first; alone, the call then goes on as usual. */
    delayMs: z.int().min(1).max(3_600_000).optional(),
    /** No answer, until the call is cancelled. */
    hang: z.literal(true).optional(),
    /** The server's process is killed after the effect, before the answer. */
    dieAfterEffect: z.literal(true).optional(),
  })
  .refine(({ fail, delayMs, hang, dieAfterEffect }) => fail ?? delayMs ?? hang ?? dieAfterEffect, {
    message: 'orders nothing: give one of fail, delayMs, hang, dieAfterEffect',
  })
  .refine(({ hang, dieAfterEffect }) => !(hang && dieAfterEffect), {
    message: 'give hang or dieAfterEffect, not both',
  });

export type FaultRule = z.infer<typeof FaultRule>;

/** Reads a fault file's text. Throws INVALID_CONFIG that names the file, each path in it, and what was expected. */
export function parseFaultRules(text: string, file: string): readonly FaultRule[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SwitchyardError('INVALID_CONFIG', `${file} is not JSON (${why}); a list of fault rules was expected.`, {
      cause,
    });
  }
  const parsed = z.array(FaultRule).safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const problems = issues.map(({ path, message }) => `${path || 'the file'}: ${message}`).join('; ');
  throw new SwitchyardError('INVALID_CONFIG', `${file} is no list of fault rules. ${problems}.`, { issues });
}
