/** pino, on standard error: standard output belongs to results. */
import { type DestinationStream, pino } from 'pino';
import type { Logger } from '../ports.js';

/** Fields, in lower case, whose values never reach a log, however deep they stand in what is logged. */
const SECRET: ReadonlySet<string> = new Set([
  'password',
  'token',
  'authorization',
  'secret',
  'apikey',
  'headers',
  'env',
]);

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type Level = (typeof LEVELS)[number];

/** What is logged is shallow; below this it is cut off, which also ends circles. */
const MAX_DEPTH = 10;

/**
 * @param level pino's: `debug`, `info`, `warn`, `error` or `silent`; that of the environment by default, else `warn`
 * @param destination where the lines go; standard error by default, written at once so that a crash loses none
 */
export function createLogger(
  level: string = levelAsked() ?? 'warn',
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  const stacks = level === 'debug' || level === 'trace';
  const clean = (fields: object) => cleanFields(fields, stacks, 0);
  // A formatter, not pino's `redact` and `serializers`: those know paths and keys that are named beforehand, and a secret
  // or an error one level deeper, or under another key, would pass. pino's own serializer would then rewrite `err`.
  const serializers = { err: (described: unknown) => described };
  return withCleanChildren(pino({ level, base: null, serializers, formatters: { log: clean } }, destination), clean);
}

/** What the environment asks for; unset, or a word that is no level: nothing. */
export function levelAsked(env: NodeJS.ProcessEnv = process.env): Level | undefined {
  const word = env.SWITCHYARD_LOG_LEVEL || env.SWITCHYARD_LOG;
  return LEVELS.find((level) => level === word);
}

type Clean = (fields: object) => Record<string, unknown>;

/** pino formats what is logged, but not the fields that a child logger is given once. */
function withCleanChildren(logger: pino.Logger, clean: Clean): Logger {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => withCleanChildren(logger.child(clean(fields)), clean),
  };
}

function cleanFields(fields: object, stacks: boolean, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      SECRET.has(key.toLowerCase()) ? '[redacted]' : cleanValue(value, stacks, depth + 1),
    ]),
  );
}

function cleanValue(value: unknown, stacks: boolean, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return describeError(value, stacks, depth);
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, stacks, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return cleanValue(value.toJSON(), stacks, depth + 1);
  return cleanFields(value, stacks, depth);
}

/**
 * By name what an error is and says, and nothing else that hangs on it: ioredis puts the failed command there, with its
 * arguments, and a failed login's are the password.
 */
function describeError(error: Error, stacks: boolean, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: cleanValue(error.code, stacks, depth + 1) }),
    ...(stacks && { stack: error.stack }),
    ...(stacks && error.cause !== undefined && { cause: cleanValue(error.cause, stacks, depth + 1) }),
  };
}
