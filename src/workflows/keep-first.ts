/** Lists from tools, cut to what a run may carry. */

interface Kept<Item> {
  readonly items: Item[];
  /** True when some were left out. */
  readonly truncated: boolean;
}

/**
 * The first items whose JSON fits into `maxBytes` together. An answer may be twice as large as a job is allowed to be,
 * and a run that failed for its size would throw away what had succeeded.
 */
export function keepFirst<Item>(items: readonly Item[], maxBytes: number): Kept<Item> {
  let bytes = 0;
  const cut = items.findIndex((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    return bytes > maxBytes;
  });
  return cut < 0 ? { items: [...items], truncated: false } : { items: items.slice(0, cut), truncated: true };
}
