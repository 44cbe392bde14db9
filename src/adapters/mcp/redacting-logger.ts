/**
 * A log in which a server's secrets cannot stand, whatever is logged about it: the reason of a failure may be the server's
 * own words, and a server may repeat what it was given.
 */
import type { Logger } from '../../ports.js';
import type { Redact } from './redaction.js';

/** What is logged is shallow; below this nothing is shown, which also ends circles. */
const MAX_DEPTH = 6;

export function redactingLogger(logger: Logger, redact: Redact): Logger {
  const clean = (fields: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cleanValue(value, redact, 1)]));
  const say = (message: string | undefined) => (message === undefined ? undefined : redact(message));
  return {
    debug: (fields, message) => logger.debug(clean(fields), say(message)),
    info: (fields, message) => logger.info(clean(fields), say(message)),
    warn: (fields, message) => logger.warn(clean(fields), say(message)),
    error: (fields, message) => logger.error(clean(fields), say(message)),
    child: (fields) => redactingLogger(logger.child(clean(fields)), redact),
  };
}

function cleanValue(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return { type: value.name, message: redact(value.message) };
  if (depth > MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, redact, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cleanValue(inner, redact, depth + 1)]));
}
