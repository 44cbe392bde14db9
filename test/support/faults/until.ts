import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until it is so.
 * @throws Error at the limit
 */
export async function until(
  holds: () => Promise<boolean> | boolean,
  {
    limitMs = 60_000,
    everyMs = 25,
    what = 'what was waited for',
  }: { readonly limitMs?: number; readonly everyMs?: number; readonly what?: string } = {},
): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    if (await holds()) return;
    if (performance.now() > end) throw new Error(`${what} did not come about within ${limitMs / 1000} s`);
    await delay(everyMs);
  }
}

/** Lets a fault, or a pause, last; not at all when `ms` is over already. */
export async function lasting(ms: number): Promise<void> {
  if (ms > 0) await delay(ms);
}
