/**
 * A job's payload as Bull Board may show it: which run and which stage it is, and nothing of what the run is about. Inputs
 * and outputs hold addresses, mails and answers of tools, and whoever looks after queues has no need of them; a run in full
 * is `switchyard show <run>`, for whoever can reach Redis itself.
 */

/** Fields of our envelopes and results that say where a job belongs and when it ran. Whatever else there is stays hidden. */
const SHOWN: ReadonlySet<string> = new Set([
  'v',
  'run',
  'workflow',
  'version',
  'kind',
  'stage',
  'timer',
  'after',
  'attempt',
  'startedAt',
  'finishedAt',
  'status',
]);

/** Longest value shown: in a job that was added by hand these fields may hold anything. */
const LONGEST_SHOWN = 256;

/** Bull Board asks for some payloads as they are stored: as JSON text. */
export function redactedPayload(stored: unknown): unknown {
  const payload = parsedPayload(stored);
  if (payload === undefined || payload === null) return payload;
  if (typeof payload !== 'object' || Array.isArray(payload)) return hidden(payload);
  return Object.fromEntries(
    Object.entries(payload).map(([field, value]) => [field, isShown(field, value) ? value : hidden(value)]),
  );
}

function isShown(field: string, value: unknown): boolean {
  if (typeof value === 'string') return SHOWN.has(field) && value.length <= LONGEST_SHOWN;
  return SHOWN.has(field) && typeof value === 'number';
}

function hidden(value: unknown): string {
  return `[redacted, ${Buffer.byteLength(JSON.stringify(value) ?? '')} bytes]`;
}

/** A payload that may come as the JSON that Redis holds. */
export function parsedPayload(stored: unknown): unknown {
  if (typeof stored !== 'string') return stored;
  try {
    return JSON.parse(stored);
  } catch {
    return stored;
  }
}
