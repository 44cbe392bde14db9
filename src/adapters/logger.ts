/** pino, on standard error: standard output belongs to results. */
import { pino } from 'pino';
import type { Logger } from '../ports.js';

/** Fields that never reach a log, wherever they stand in what is logged. */
const REDACTED = ['password', 'token', 'authorization', 'secret', 'apiKey', 'headers', 'env'].flatMap((field) => [
  field,
  `*.${field}`,
]);

/** @param level pino's: `debug`, `info`, `warn`, `error` or `silent`; `SWITCHYARD_LOG` by default, else `warn`. */
export function createLogger(level = process.env.SWITCHYARD_LOG ?? 'warn'): Logger {
  return pino(
    { level, base: null, redact: { paths: REDACTED, censor: '[redacted]' } },
    pino.destination({ fd: 2, sync: true }),
  );
}
