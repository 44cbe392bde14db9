/**
 * A classifier's evidence as a picture needs it. It is JSON of the definition's making: numbers by name are scores, lists of
 * texts are words that were found, a single text, number or yes and no is a fact; what is none of these stays as it is. Pure.
 */

export interface Score {
  readonly name: string;
  readonly score: number;
  readonly chosen: boolean;
}

export interface Evidence {
  readonly scores: readonly { readonly name: string; readonly of: readonly Score[] }[];
  readonly words: readonly { readonly name: string; readonly found: readonly string[] }[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** By name, what has a shape of its own. */
  readonly rest: Readonly<Record<string, unknown>>;
  /** Whether this server keeps some of it to itself. */
  readonly isHidden: boolean;
}

/** What a server that shows no payloads has in a value's place. */
const HIDDEN = /^\[redacted, \d+ bytes\]$/;

/** @param route what was decided: the candidate of that name was chosen, as is one that the evidence itself names */
export function evidenceOf(evidence: unknown, route?: string): Evidence {
  const all =
    evidence === null || evidence === undefined
      ? []
      : isRecord(evidence)
        ? Object.entries(evidence)
        : [['evidence', evidence] as const];
  const members = all.filter(([, value]) => !isHiddenValue(value));
  const texts = [...members.flatMap(([, value]) => (typeof value === 'string' ? [value] : [])), route];
  const found: { -readonly [Part in keyof Evidence]: Evidence[Part] } = {
    ...{ scores: [], words: [], facts: [], rest: {} },
    isHidden: members.length < all.length,
  };
  for (const [name, value] of members) {
    if (isScores(value)) found.scores = [...found.scores, { name, of: scoresIn(value, texts) }];
    else if (isTexts(value)) found.words = [...found.words, { name, found: [...new Set(value)] }];
    else if (isFact(value)) found.facts = [...found.facts, { name, value: String(value) }];
    else if (value !== null) found.rest = { ...found.rest, [name]: value };
  }
  return found;
}

/** The highest first. */
function scoresIn(scores: Readonly<Record<string, number>>, texts: readonly (string | undefined)[]): readonly Score[] {
  return Object.entries(scores)
    .map(([name, score]) => ({ name, score, chosen: texts.includes(name) }))
    .sort((a, b) => b.score - a.score);
}

function isHiddenValue(value: unknown): boolean {
  return typeof value === 'string' && HIDDEN.test(value);
}

function isFact(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
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
