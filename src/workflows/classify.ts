/** What a query is about, how urgent it is, and whether a person must see it. Pure: the same query, the same answer. */
import { PRIORITIES, type Priority } from '../config.js';
import { type CompiledRules, type Pattern, SCORED_TYPES, type ScoredType } from './rules.js';
import { wordStarts } from './words.js';

export const QUERY_TYPES = [...SCORED_TYPES, 'general_query'] as const;
export type QueryType = (typeof QUERY_TYPES)[number];

export interface QueryClassification {
  readonly type: QueryType;
  readonly priority: Priority;
  /** Matches of each type's patterns. */
  readonly scores: Readonly<Record<ScoredType, number>>;
  /** Every urgency word found, pattern by pattern. */
  readonly urgencyKeywords: readonly string[];
  /** Every escalation trigger found, pattern by pattern. */
  readonly triggers: readonly string[];
  readonly ruleSet: string;
}

/**
 * Every match of a pattern, left to right and without overlap: at each word start the first of its phrases that stands
 * there, then on behind it.
 */
function matchesOf(pattern: Pattern, text: string, starts: readonly number[]): readonly string[] {
  const matches: string[] = [];
  let from = 0;
  for (const start of starts) {
    if (start < from) continue;
    const phrase = pattern.find((candidate) => text.startsWith(candidate, start));
    if (phrase === undefined) continue;
    matches.push(phrase);
    from = start + phrase.length;
  }
  return matches;
}

/** Whether any of the words begins a word of the text, in any case. */
export function mentions(text: string, words: Pattern): boolean {
  const lower = text.toLowerCase();
  return matchesOf(words, lower, wordStarts(lower)).length > 0;
}

export function classifyQuery(rules: CompiledRules, query: string): QueryClassification {
  const text = query.toLowerCase();
  const starts = wordStarts(text);
  const found = (pattern: Pattern) => matchesOf(pattern, text, starts);

  const scores = { customer_service: 0, technical_support: 0, sales_inquiry: 0, data_analysis: 0 };
  let type: QueryType = 'general_query';
  let best = 0;
  for (const rule of rules.types) {
    const score = rule.patterns.reduce((sum, pattern) => sum + found(pattern).length, 0);
    scores[rule.type] = score;
    if (score > best) [type, best] = [rule.type, score];
  }

  let priority: Priority = 'LOW';
  const urgencyKeywords: string[] = [];
  for (const rule of rules.urgency) {
    const matches = found(rule.pattern);
    urgencyKeywords.push(...matches);
    // PRIORITIES are BullMQ's numbers: the smaller, the more urgent.
    if (matches.length > 0 && PRIORITIES[rule.priority] < PRIORITIES[priority]) priority = rule.priority;
  }

  return { type, priority, scores, urgencyKeywords, triggers: rules.triggers.flatMap(found), ruleSet: rules.version };
}
