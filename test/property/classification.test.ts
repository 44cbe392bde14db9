import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { MAX_QUERY_LENGTH, PRIORITIES, type Priority } from '../../src/config.js';
import { classifyQuery } from '../../src/workflows/classify.js';
import { compileRules, SCORED_TYPES, SHIPPED_RULES } from '../../src/workflows/rules.js';
import { wordStarts } from '../../src/workflows/words.js';

const rules = compileRules(SHIPPED_RULES);
const classify = (query: string) => classifyQuery(rules, query);

const patterns = [
  ...rules.types.flatMap((rule) => rule.patterns),
  ...rules.urgency.map((rule) => rule.pattern),
  ...rules.triggers,
];
const phrases = patterns.flat();

const phrase = fc.constantFrom(...phrases);
/** What may stand in the way: other words, other scripts, what is neither. */
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const words = fc.array(fc.oneof(phrase, text), { maxLength: 30 }).map((parts) => parts.join(' '));
const gap = fc.constantFrom(' ', '-', '.', ', ', '\n', '(', '“', '🎉', '/');
const wordCharacter = fc.oneof(
  fc.constantFrom('a', 'Z', '0', '_', 'é', 'ß', 'ж', '中', 'ا', 'अ', '٣', '𝒙', 'e\u0301'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((unit) => /^[\p{L}\p{N}]$/u.test(unit)),
);

describe('classification', () => {
  it('is deterministic, and does not care for case', () => {
    fc.assert(
      fc.property(words, (query) => {
        expect(classify(query)).toEqual(classify(query));
        expect(classify(query.toUpperCase().toLowerCase())).toEqual(classify(query.toLowerCase()));
      }),
    );
  });

  it('counts as many matches as a regular expression with a lookbehind would', () => {
    const notInsideWord = '(?<![\\p{L}\\p{M}\\p{N}\\p{Pc}])';
    fc.assert(
      fc.property(words, (query) => {
        const { scores } = classify(query);
        for (const { type, patterns: own } of rules.types) {
          const matches = own.map((pattern) =>
            query.toLowerCase().matchAll(new RegExp(`${notInsideWord}(?:${pattern.join('|')})`, 'gu')),
          );
          expect(scores[type]).toBe(matches.reduce((sum, found) => sum + [...found].length, 0));
        }
      }),
    );
  });

  it('has the highest score; of equal ones the first; general_query for none', () => {
    fc.assert(
      fc.property(words, (query) => {
        const { type, scores } = classify(query);
        const best = Math.max(...Object.values(scores));
        expect(type).toBe(best === 0 ? 'general_query' : SCORED_TYPES.find((name) => scores[name] === best));
      }),
    );
  });

  it('has the highest priority of all that match, and keeps every keyword', () => {
    const urgent = fc.constantFrom(
      ...rules.urgency.flatMap(({ priority, pattern }) => pattern.map((word) => ({ priority, word }))),
    );
    fc.assert(
      fc.property(fc.array(urgent, { minLength: 1, maxLength: 10 }), (found) => {
        const { priority, urgencyKeywords } = classify(found.map(({ word }) => word).join(', '));
        const most = Math.min(...found.map((entry) => PRIORITIES[entry.priority]));
        expect(PRIORITIES[priority satisfies Priority]).toBe(most);
        expect([...urgencyKeywords].sort()).toEqual(found.map(({ word }) => word).sort());
      }),
    );
  });

  it('finds a phrase at a word start, whatever follows it', () => {
    fc.assert(
      fc.property(phrase, gap, text, (found, before, after) => {
        const { scores, urgencyKeywords, triggers } = classify(`x${before}${found}${after}`);
        const matches = Object.values(scores).reduce((sum, score) => sum + score, 0);
        expect(matches + urgencyKeywords.length + triggers.length).toBeGreaterThan(0);
      }),
    );
  });

  it('finds nothing behind a letter, digit or underscore of any script', () => {
    // A phrase of two words has a second word start inside.
    const oneWord = phrase.filter((found) => !found.includes(' '));
    fc.assert(
      fc.property(oneWord, wordCharacter, (found, before) => {
        const word = `${before}${found}`;
        fc.pre(!phrases.some((other) => word.toLowerCase().startsWith(other)));
        expect(classify(word)).toMatchObject({
          type: 'general_query',
          priority: 'LOW',
          urgencyKeywords: [],
          triggers: [],
        });
      }),
    );
  });
});

describe('work on hostile input', () => {
  /** Comparisons that one classification makes. */
  function comparisons(query: string): number {
    const startsWith = vi.spyOn(String.prototype, 'startsWith');
    try {
      classify(query);
      return startsWith.mock.calls.length;
    } finally {
      startsWith.mockRestore();
    }
  }

  it('is at most one comparison for each word and phrase', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: MAX_QUERY_LENGTH }),
      fc
        .tuple(
          fc.constantFrom('a', 'a ', 'refun ', 'not workin', 'ａ ', '\u0301', '\ud800', '_', 'when possibl '),
          fc.nat(500),
        )
        .map(([unit, times]) => unit.repeat(times)),
    );
    fc.assert(
      fc.property(hostile, (query) => {
        const bound = wordStarts(query.toLowerCase()).length * phrases.length;
        expect(comparisons(query)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 50 },
    );
  });

  it('doubles when the query doubles', () => {
    for (const unit of ['a ', 'refund ', 'accoun ', 'not workin ']) {
      const once = comparisons(unit.repeat(50));
      expect(comparisons(unit.repeat(100))).toBe(2 * once);
    }
    expect(comparisons('a'.repeat(MAX_QUERY_LENGTH))).toBe(phrases.length);
  });
});
