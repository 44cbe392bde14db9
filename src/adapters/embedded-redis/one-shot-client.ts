import { Redis } from 'ioredis';

/** A client for one question to a server that may be gone, frozen, loading, or not ours: it asks once and never retries. */
export function oneShotClient(url: string, timeoutMs: number): Redis {
  return new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // How long the other side is given to close; the default would hold the process for 2 s more.
    disconnectTimeout: 100,
  });
}
