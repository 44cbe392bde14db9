/** What JSON would change. */

export interface JsonDifference {
  /** Dotted path from the root, `items.0.on`; empty for the root itself. */
  readonly path: string;
  /** What stands there: `a Date`, `NaN`, `undefined`. */
  readonly found: string;
}

/**
 * The first part of a value that would not come back the same from JSON; undefined when all of it would. Members that are
 * undefined do not count: JSON drops them, and absent reads the same.
 */
export function jsonDifference(value: unknown, path = ''): JsonDifference | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path, found: String(value) };
  if (typeof value !== 'object')
    return { path, found: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}` };
  const parts = Array.isArray(value) ? [...value.entries()] : isPlain(value) ? Object.entries(value) : undefined;
  if (!parts) return { path, found: `a ${value.constructor?.name || 'class instance'}` };
  for (const [key, part] of parts) {
    if (part === undefined && !Array.isArray(value)) continue;
    const difference = jsonDifference(part, path === '' ? String(key) : `${path}.${key}`);
    if (difference) return difference;
  }
  return undefined;
}

/** By the chain, not by identity: an object of another realm has another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
