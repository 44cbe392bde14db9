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
export function jsonDifference(value: unknown): JsonDifference | undefined {
  const difference = differenceIn(value);
  return difference && { path: difference.path.reverse().join('.'), found: difference.found };
}

/** The path from its end: it is put together only where there is a difference, since every output of a task is looked at. */
function differenceIn(value: unknown): { readonly path: string[]; readonly found: string } | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : { path: [], found: String(value) };
  if (typeof value !== 'object')
    return { path: [], found: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}` };
  if (Array.isArray(value)) {
    // By index, since a hole reads as undefined and `forEach` would pass over it.
    for (let at = 0; at < value.length; at += 1) {
      const difference = differenceIn(value[at]);
      if (difference) return within(difference, String(at));
    }
    return undefined;
  }
  if (!isPlain(value)) return { path: [], found: `a ${value.constructor?.name || 'class instance'}` };
  for (const [key, part] of Object.entries(value)) {
    const difference = part === undefined ? undefined : differenceIn(part);
    if (difference) return within(difference, key);
  }
  return undefined;
}

function within<Found extends { readonly path: string[] }>(found: Found, key: string): Found {
  found.path.push(key);
  return found;
}

/** By the chain, not by identity: an object of another realm has another `Object.prototype`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
