import type { Logger } from '../../src/ports.js';

export type LogLine = readonly [level: 'warn' | 'error', fields: object, message: string | undefined];

/** A log that keeps what a person should see. */
export function recordingLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (level: LogLine[0]) => (fields: object, message?: string) => void lines.push([level, fields, message]);
  const log: Logger = { debug() {}, info() {}, warn: keep('warn'), error: keep('error'), child: () => log };
  return { log, lines };
}
