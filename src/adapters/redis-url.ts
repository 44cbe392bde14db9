import { SwitchyardError } from '../errors.js';

const SCHEMES = new Set(['redis:', 'rediss:']);

/**
 * A Redis address as a URL.
 *
 * @throws SwitchyardError INVALID_CONFIG for anything that is not `redis://…` or `rediss://…`; ioredis would take
 *   `localhost:6379` or `http://…` for something else and connect to a place that nobody meant
 */
export function parseRedisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !SCHEMES.has(url.protocol) || url.hostname === '') {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `The Redis address ${JSON.stringify(withoutSecrets(text))} is not one: expected redis://[user:password@]host:port[/db], or rediss:// for TLS.`,
    );
  }
  return url;
}

/** `host:port` of an address, for messages: never its password. */
export function describeRedisUrl(text: string): string {
  const url = parseRedisUrl(text);
  return `${url.hostname}:${url.port || '6379'}${url.protocol === 'rediss:' ? ' (TLS)' : ''}`;
}

/** Everything up to the last `@` may be credentials, also in text that is no URL. */
function withoutSecrets(text: string): string {
  return text.replace(/^(\w+:\/\/)?.*@/s, '$1***@');
}
