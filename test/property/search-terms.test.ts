import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { citiesIn } from '../../src/workflows/cities.js';
import { searchTerms } from '../../src/workflows/search-terms.js';

const STOP_WORDS = ['the', 'a', 'an', 'and', 'or', 'but', 'in', 'on', 'at', 'to', 'for'];

const word = fc.oneof(
  fc.constantFrom(
    ...STOP_WORDS,
    'weather?',
    '*weather*',
    'weat[h]*',
    '*.log',
    '[a-z]*',
    '{report}',
    '../etc/passwd',
    'Größe',
    'отчёт',
    'टिप्पणी',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const query = fc.array(word, { maxLength: 20 }).map((words) => words.join(' '));

describe('search terms', () => {
  it('are at most three, different, longer than three letters, and no stop words', () => {
    fc.assert(
      fc.property(query, (asked) => {
        const terms = searchTerms(asked);
        expect(terms.length).toBeLessThanOrEqual(3);
        expect(new Set(terms).size).toBe(terms.length);
        for (const term of terms) {
          expect([...term].length).toBeGreaterThan(3);
          expect(STOP_WORDS).not.toContain(term);
        }
      }),
    );
  });

  it('hold letters and digits only: nothing that a glob or a path would understand', () => {
    fc.assert(
      fc.property(query, (asked) => {
        for (const term of searchTerms(asked)) expect(term).toMatch(/^[\p{L}\p{M}\p{N}]+$/u);
      }),
    );
  });

  it('stand in the query, in its order', () => {
    fc.assert(
      fc.property(query, (asked) => {
        const text = asked.normalize('NFC').toLowerCase();
        const places = searchTerms(asked).map((term) => text.indexOf(term));
        expect(places).not.toContain(-1);
      }),
    );
  });

  it.each([
    ['What is the weather? Weather in Paris!', ['what', 'weather', 'paris']],
    ['for the and but or', []],
    ['*.* [abc] ../..', []],
    ['quarterly-report_2024.pdf', ['quarterly', 'report', '2024']],
  ])('of "%s" are %j', (asked, terms) => {
    expect(searchTerms(asked)).toEqual(terms);
  });
});

describe('cities', () => {
  const city = fc.constantFrom('London', 'New York', 'Tokyo', 'Sydney', 'Paris');

  it('are found in any case, each once, in the order of the list', () => {
    fc.assert(
      fc.property(fc.array(city, { minLength: 1 }), fc.boolean(), (named, upper) => {
        const asked = `weather: ${named.join(', ')}?`;
        const list = ['London', 'New York', 'Tokyo', 'Sydney', 'Paris'] as const;
        expect(citiesIn(upper ? asked.toUpperCase() : asked.toLowerCase())).toEqual(
          list.filter((known) => named.includes(known)),
        );
      }),
    );
  });

  it.each(['weather', 'a comparison of the weather', 'weather for Londoners', 'newyork', ''])(
    'are London alone in "%s"',
    (asked) => {
      expect(citiesIn(asked)).toEqual(['London']);
    },
  );
});
