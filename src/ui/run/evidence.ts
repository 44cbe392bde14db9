/**
 * A classifier's evidence as a picture needs it. It is JSON of the definition's making: numbers by name are scores, lists of
 * texts are words that were found, whatever else is short is a fact. Pure.
 */

export interface Evidence {
  readonly scores: readonly { readonly name: string; readonly score: number; readonly chosen: boolean }[];
  readonly words: readonly { readonly name: string; readonly found: readonly string[] }[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

export function evidenceOf(evidence: unknown): Evidence {
  const members = isRecord(evidence) ? Object.entries(evidence) : [];
  const texts = members.flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
  return {
    scores: members.flatMap(([, value]) => (isScores(value) ? scoresIn(value, texts) : [])),
    words: members.flatMap(([name, value]) =>
      isTexts(value) && value.length > 0 ? [{ name, found: [...new Set(value)] }] : [],
    ),
    facts: members.flatMap(([name, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) ? [{ name, value: String(value) }] : [],
    ),
  };
}

/** The highest first; the chosen one is that which another member of the evidence names. */
function scoresIn(scores: Readonly<Record<string, number>>, texts: readonly string[]): Evidence['scores'] {
  return Object.entries(scores)
    .map(([name, score]) => ({ name, score, chosen: texts.includes(name) }))
    .sort((a, b) => b.score - a.score);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScores(value: unknown): value is Readonly<Record<string, number>> {
  return (
    isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every((score) => typeof score === 'number')
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
