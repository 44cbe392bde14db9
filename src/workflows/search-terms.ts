/** What the files branch looks for. */

const MAX_TERMS = 3;

/** In letters. It also drops every stop word (the a an and or but in on at to for): none is longer than three. */
const SHORTEST_TERM = 4;

/**
 * The first three different words of a query that are longer than three letters and no stop words, in lower case.
 *
 * Words are cut at anything but letters and digits, so no term can carry a glob character into the pattern `*term*`.
 * Repeated words count once: the results are keyed by term.
 */
export function searchTerms(query: string): readonly string[] {
  const words = query
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u);
  const terms = words.filter((word) => [...word].length >= SHORTEST_TERM);
  return [...new Set(terms)].slice(0, MAX_TERMS);
}
