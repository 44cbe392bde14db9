/**
 * The rules by which `support` classifies, as data: another set may stand in their place. `compileRules` checks a set
 * and makes it ready.
 *
 * A pattern is words and phrases separated by `|`, matched from a word start on, in lower case: "refund" matches in
 * "Refunds", "api" does not match in "capital". It is no regular expression, on purpose: a match is a comparison of
 * letters at one place, so the work is bounded by the query's words times the set's phrases, whatever either contains.
 */
import { z } from 'zod';
import { PRIORITIES, type Priority } from '../config.js';
import { SwitchyardError } from '../errors.js';
import { describeIssues, issuesOf } from '../schema.js';

/** The types that patterns can score for; `general_query` is what remains. */
export const SCORED_TYPES = ['customer_service', 'technical_support', 'sales_inquiry', 'data_analysis'] as const;
export type ScoredType = (typeof SCORED_TYPES)[number];

const MAX_PATTERN_LENGTH = 1_000;
const MAX_PATTERNS = 50;

/** Starts like a word, so that a word start can precede it, and holds nothing that a regular expression would mean. */
const PHRASE = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}\p{Pc}'’ -]*$/u;

const patternSchema = z
  .string()
  .max(MAX_PATTERN_LENGTH)
  .superRefine((pattern, context) => {
    for (const phrase of pattern.split('|')) {
      if (PHRASE.test(phrase)) continue;
      context.addIssue({
        code: 'custom',
        message: `"${phrase}" is no phrase: use words of letters and digits, joined by blanks, hyphens or apostrophes; "|" separates phrases, and regular expressions are not understood`,
      });
    }
  });

const ruleSetSchema = z.strictObject({
  /** Recorded with every decision that the set makes. */
  version: z.string().min(1).max(64),
  /** On a tie the type that stands first here wins. */
  types: z
    .array(z.strictObject({ type: z.enum(SCORED_TYPES), patterns: z.array(patternSchema).min(1).max(MAX_PATTERNS) }))
    .refine((types) => new Set(types.map(({ type }) => type)).size === types.length, 'names a type twice'),
  /** The highest priority that matches wins, in whatever order they stand here. */
  urgency: z
    .array(
      z.strictObject({
        priority: z.enum(Object.keys(PRIORITIES) as [Priority, ...Priority[]]),
        pattern: patternSchema,
      }),
    )
    .max(MAX_PATTERNS),
  /** Any match sends the query straight to a person. */
  triggers: z.array(patternSchema).max(MAX_PATTERNS),
});

export type RuleSet = z.input<typeof ruleSetSchema>;

/** The seed's rules. */
export const SHIPPED_RULES: RuleSet = {
  version: 'seed-1',
  types: [
    {
      type: 'customer_service',
      patterns: [
        'account|billing|payment|refund|cancel|subscription',
        'order|shipping|delivery|tracking|return',
        'login|password|access|locked',
      ],
    },
    {
      type: 'technical_support',
      patterns: [
        'error|bug|crash|broken|not working|issue',
        'api|integration|connection|timeout',
        'performance|slow|loading|response',
      ],
    },
    {
      type: 'sales_inquiry',
      patterns: [
        'price|cost|quote|demo|trial|purchase',
        'features|comparison|upgrade|plan',
        'contact sales|sales team|pricing',
      ],
    },
    {
      type: 'data_analysis',
      patterns: [
        'report|analytics|data|statistics|metrics',
        'trend|analysis|forecast|prediction',
        'dashboard|visualization|chart',
      ],
    },
  ],
  urgency: [
    { priority: 'CRITICAL', pattern: 'urgent|emergency|critical|asap|immediately' },
    { priority: 'HIGH', pattern: 'important|priority|soon|quickly' },
    { priority: 'MEDIUM', pattern: 'please|when possible|sometime' },
  ],
  triggers: ['complaint|frustrated|angry|disappointed', 'manager|supervisor|escalate', 'unacceptable|terrible|worst'],
};

/** A pattern's phrases in lower case, in the order in which they are tried. */
export type Pattern = readonly string[];

/** A rule set that has been checked. */
export interface CompiledRules {
  readonly version: string;
  readonly types: readonly { readonly type: ScoredType; readonly patterns: readonly Pattern[] }[];
  readonly urgency: readonly { readonly priority: Priority; readonly pattern: Pattern }[];
  readonly triggers: readonly Pattern[];
}

function compilePattern(pattern: string): Pattern {
  return pattern.split('|').map((phrase) => phrase.toLowerCase());
}

/** @throws SwitchyardError INVALID_CONFIG, each problem with its path */
export function compileRules(ruleSet: RuleSet): CompiledRules {
  const parsed = ruleSetSchema.safeParse(ruleSet);
  if (!parsed.success) {
    const issues = issuesOf(parsed.error);
    throw new SwitchyardError('INVALID_CONFIG', `the rule set is not valid: ${describeIssues(issues)}`, { issues });
  }
  const { version, types, urgency, triggers } = parsed.data;
  return {
    version,
    types: types.map(({ type, patterns }) => ({ type, patterns: patterns.map(compilePattern) })),
    urgency: urgency.map(({ priority, pattern }) => ({ priority, pattern: compilePattern(pattern) })),
    triggers: triggers.map(compilePattern),
  };
}
