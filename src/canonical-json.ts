/** Values as text to compare, and texts as short names. */
import { createHash } from 'node:crypto';

/** JSON in which the order of an object's keys plays no part: equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The first 20 hexadecimal digits (80 bits) of the text's SHA-256: no two of 10⁹ keys meet, for all practical purposes. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}
