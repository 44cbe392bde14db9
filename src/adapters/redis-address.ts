/**
 * Where a connection leads, taken from whatever the application has: an address, options, or a client. Only that is
 * taken. How to wait and retry was chosen for the application's own work: with its `retryStrategy`, its time limits or
 * without an offline queue, a worker's blocking reads would be cut short and it would end in silence.
 */
import type { RedisOptions } from 'ioredis';
import { SwitchyardError } from '../errors.js';
import { describeRedisUrl, parseRedisUrl } from './redis-url.js';

/** An ioredis client, of whichever copy of ioredis: an application may have another than ours. */
export interface IoredisClient {
  readonly options: object;
  duplicate(): unknown;
}

/** An address, ioredis options, or an ioredis client that the application has. Of all three only the place is taken. */
export type RedisConnection = string | RedisOptions | IoredisClient;

/** Where a client is to connect: an address without settings, or options that are nothing but a place. */
export type RedisAddress = string | RedisOptions;

/** Everything that says where Redis is, who we are there, and how it is spoken to. `role` is not: we write, so it is the master. */
const ADDRESS_FIELDS = [
  'host',
  'port',
  'path',
  'family',
  'username',
  'password',
  'db',
  'tls',
  'protocol',
  'sentinels',
  'name',
  'sentinelUsername',
  'sentinelPassword',
  'enableTLSForSentinelMode',
  'sentinelTLS',
  'natMap',
  'Connector',
] as const satisfies readonly (keyof RedisOptions)[];

/** One of these has to be given; ioredis would take `localhost:6379` for a place that was left out. */
const PLACES = ['host', 'port', 'path', 'sentinels', 'Connector'] as const;

/** Of what an address's query can set, ours. */
const ADDRESS_PARAMETERS: ReadonlySet<string> = new Set(['family', 'protocol']);

const WHAT_TO_PASS = 'pass a redis:// address, ioredis options, or an ioredis client, of one Redis';

/**
 * @throws SwitchyardError INVALID_CONFIG for a Redis Cluster, a `keyPrefix`, an address that is none, and options that
 *   name no place
 */
export function addressOf(connection: RedisConnection): RedisAddress {
  if (typeof connection === 'string') return withoutSettings(connection);
  const options = isClient(connection) ? connection.options : connection;
  if ('isCluster' in connection && connection.isCluster === true) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `\`connection\` is a client of a Redis Cluster, where runs cannot be kept: ${WHAT_TO_PASS} (standalone, or behind Sentinel)`,
    );
  }
  if ('keyPrefix' in options && options.keyPrefix) throw keyPrefixRefused();
  const given = new Map<string, unknown>(Object.entries(options));
  const isGiven = (field: string) => given.get(field) !== undefined && given.get(field) !== null;
  if (!PLACES.some(isGiven)) {
    throw new SwitchyardError(
      'INVALID_CONFIG',
      `\`connection\` does not say where Redis is: none of host, port, path or sentinels is set. Instead, ${WHAT_TO_PASS}`,
    );
  }
  return Object.fromEntries(ADDRESS_FIELDS.filter(isGiven).map((field) => [field, given.get(field)]));
}

/** The place, for messages: never its password. */
export function describeAddress(address: RedisAddress): string {
  if (typeof address === 'string') return describeRedisUrl(address);
  const { host = 'localhost', port = 6379, path, sentinels, name, tls, Connector } = address;
  if (Connector) return `the place that ${Connector.name} finds`;
  if (sentinels) {
    const watchers = sentinels.map((one) => hostAndPort(one.host ?? 'localhost', one.port ?? 26_379));
    return `"${name ?? ''}" by the Sentinels ${watchers.join(', ')}`;
  }
  if (path) return `the socket ${path}`;
  return `${hostAndPort(host, port)}${tls ? ' (TLS)' : ''}`;
}

export function speaksTls(address: RedisAddress): boolean {
  return typeof address === 'string' ? address.startsWith('rediss:') : Boolean(address.tls);
}

function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isClient(connection: RedisOptions | IoredisClient): connection is IoredisClient {
  return 'duplicate' in connection && typeof connection.duplicate === 'function' && 'options' in connection;
}

/** ioredis takes any of its options from an address's query, and they would win over a role's. */
function withoutSettings(text: string): string {
  const url = parseRedisUrl(text);
  if (url.searchParams.get('keyPrefix')) throw keyPrefixRefused();
  for (const parameter of [...url.searchParams.keys()]) {
    if (!ADDRESS_PARAMETERS.has(parameter)) url.searchParams.delete(parameter);
  }
  return url.href;
}

function keyPrefixRefused(): SwitchyardError {
  return new SwitchyardError(
    'INVALID_CONFIG',
    "`connection` has a keyPrefix, under which scripts do not find BullMQ's keys: leave it out and use `prefix` of switchyard()",
  );
}
