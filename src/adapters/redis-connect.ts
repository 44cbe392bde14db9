import type { Redis } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import { describeAddress, type RedisAddress, speaksTls } from './redis-address.js';

/** A command with a wrong address must end within 5 s, not hang; the rest is for starting and ending it. */
const FIRST_CONNECTION_TIMEOUT_MS = 4_000;

/**
 * What a failed connection means and what to do about it; the first pattern that fits the error's code or text wins. One that
 * `stays` is mended by somebody, and not by waiting.
 */
const REASONS: readonly (readonly [pattern: RegExp, explanation: string, stays?: 'stays'])[] = [
  [/All sentinels are unreachable/, 'none of the Sentinels answers: start them, or correct their addresses'],
  [/ECONNREFUSED/, 'nothing listens there: start that Redis, or correct REDIS_URL'],
  [/ENOENT/, 'there is no such socket: start that Redis, or correct the path'],
  [/ENOTFOUND|EAI_AGAIN|EAI_NODATA/, 'the host name cannot be resolved: correct REDIS_URL, or check DNS'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'the host cannot be reached: check the network and the firewall'],
  [
    /WRONGPASS|invalid password|invalid username/i,
    'it refuses the user name or password: correct them in REDIS_URL',
    'stays',
  ],
  [/NOAUTH/, 'it requires a password: set REDIS_URL=redis://:<password>@host:port', 'stays'],
  [
    /NOPERM/,
    "the user's ACL does not allow the commands that are needed: grant +@all on our keys, or use another user",
    'stays',
  ],
  [
    /maximum number of clients|max number of clients/i,
    'it has no connection left: raise its `maxclients`, or close other clients',
  ],
  [
    /DENIED Redis is running in protected mode/i,
    'it is in protected mode: set a password, or bind it to loopback',
    'stays',
  ],
  [
    /SSL|TLS|CERT|wrong version number|self.signed/i,
    'TLS failed: use rediss:// only with a Redis that speaks TLS, and a trusted certificate',
    'stays',
  ],
  [/Unknown RESP type|Protocol error/, 'something other than Redis answers there: correct REDIS_URL', 'stays'],
  [
    /EPIPE|ECONNRESET/,
    'it closed the connection: something other than Redis may answer there, or it refuses this client',
  ],
  [
    /Command timed out|Socket timeout/,
    'it takes connections and does not answer: check that it is a Redis, and not frozen',
  ],
  [/LOADING/, 'it is still loading its data: try again'],
];

function explain(error: Error, address: RedisAddress): { readonly reason: string; readonly stays?: boolean } {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const text = `${code} ${error.message}`.trim();
  // A Redis without TLS takes the handshake for a command that is not complete yet, and waits.
  if (speaksTls(address) && /ETIMEDOUT|no answer/.test(text)) {
    return { reason: 'no TLS handshake in time: check that it speaks TLS (else use redis://) and can be reached' };
  }
  const [, reason = text, stays] = REASONS.find(([pattern]) => pattern.test(text)) ?? [];
  return { reason, stays: stays !== undefined };
}

/**
 * Resolves once the client is ready for commands. The client is closed when it is not: it would go on retrying.
 *
 * @param address what was given to `openRedis`, for the message
 * @param timeoutMs the longest wait, 4 s by default
 * @throws SwitchyardError REDIS_UNAVAILABLE with host, port and the reason: at the first refusal, or at the time limit; not
 *   `retryable` where waiting mends nothing, such as a wrong password
 */
export async function connectOrFail(
  client: Redis,
  address: RedisAddress,
  timeoutMs = FIRST_CONNECTION_TIMEOUT_MS,
): Promise<void> {
  if (client.status === 'ready') return;
  let listener: ((error: Error) => void) | undefined;
  let onReady: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      listener = reject;
      onReady = resolve;
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s${hint(client)}`)), timeoutMs);
      client.once('ready', onReady);
      client.once('error', listener);
      // connect() rejects with "Connection is closed" only; the reason comes as an event, which may already have won.
      if (client.status === 'wait' || client.status === 'end') client.connect().catch(reject);
    });
  } catch (cause) {
    client.disconnect();
    const { reason, stays } = cause instanceof Error ? explain(cause, address) : { reason: String(cause) };
    throw new SwitchyardError('REDIS_UNAVAILABLE', `Cannot use Redis at ${describeAddress(address)}: ${reason}.`, {
      ...(stays && { retryable: false }),
      cause,
    });
  } finally {
    clearTimeout(timer);
    if (onReady) client.off('ready', onReady);
    if (listener) client.off('error', listener);
  }
}

/** A connection without readiness: something accepts and stays silent, or Redis is loading its data. */
function hint(client: Redis): string {
  if (client.status !== 'connect') return '';
  return ': the connection stands, but the server is still loading its data, or is no Redis';
}
