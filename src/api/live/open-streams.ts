/**
 * So many streams open at once from one address. The rate limit counts requests, and a stream is one request that lasts for
 * ever: whoever opens a few each second and closes none would have all of this process's memory in the end.
 */
import { SwitchyardError } from '../../errors.js';

/** A browser opens six at most to one server; many people may come from behind one proxy. */
export const DEFAULT_MAX_STREAMS = 256;
/** One is free as soon as its client leaves: when that is nobody knows. */
const RETRY_AFTER_MS = 5_000;

export interface OpenStreams {
  /** @returns gives the place back, once. @throws SwitchyardError RATE_LIMITED */
  take(address: string): () => void;
}

export function createOpenStreams(max = DEFAULT_MAX_STREAMS): OpenStreams {
  const open = new Map<string, number>();
  return {
    take(address) {
      const taken = open.get(address) ?? 0;
      if (taken >= max) {
        throw new SwitchyardError(
          'RATE_LIMITED',
          `${address} has ${taken} streams open, and may have ${max}: close one, or have \`api.maxStreams\` raised.`,
          { retryAfterMs: RETRY_AFTER_MS },
        );
      }
      open.set(address, taken + 1);
      return () => {
        const left = (open.get(address) ?? 0) - 1;
        if (left > 0) open.set(address, left);
        else open.delete(address);
      };
    },
  };
}
