/**
 * What is shown of payloads. Inputs and outputs hold addresses, mails and answers of tools.
 *
 * - Bull Board: which run and stage a job is of, which fields there are and how large, and nothing of what they hold. Whoever
 *   looks after queues has no need of it.
 * - A run's page until somebody asks for more: fields and sizes. What people give and get may have fields of any name, those
 *   of our envelopes too, so of these no value is shown at all.
 * - Asked for by name (`reveal`): the values, without those of fields that name a secret.
 * - A server that is set to `redacted` shows nobody more than fields and sizes.
 */
import type { PayloadPolicy } from '../api-settings.js';
import type { RunSummary, TimelineEntry } from '../orchestrators/timeline.js';

export type SentRun = RunSummary & { readonly timeline?: readonly TimelineEntry[] };

/** Fields of our envelopes and results that say where a job belongs and when it ran. Whatever else there is stays hidden. */
export const SHOWN: ReadonlySet<string> = new Set([
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

/** What a job of ours holds around a payload. Bull Board asks for some as they are stored: as JSON text. */
export function redactedEnvelope(stored: unknown): unknown {
  return eachField(parsedPayload(stored), (value, field) => (isShown(field, value) ? value : hidden(value)));
}

/** What somebody gave or got: its fields and their sizes, whatever they are called. */
export function redactedPayload(payload: unknown): unknown {
  return eachField(payload, hidden);
}

function eachField(payload: unknown, shown: (value: unknown, field: string) => unknown): unknown {
  if (payload === undefined || payload === null) return payload;
  if (typeof payload !== 'object' || Array.isArray(payload)) return hidden(payload);
  return Object.fromEntries(Object.entries(payload).map(([field, value]) => [field, shown(value, field)]));
}

/** Names of fields, in lower case and without `_` and `-`, whose values are shown to nobody. */
const SECRET =
  /^(password|passwd|passphrase|pwd|secret|token|authorization|cookie|apikey|privatekey|accesskey|credentials?|cvv|cvc|pin|ssn|iban|pan|cardnumber)$|(password|secret|token|apikey)$/;

/** Deeper than this nothing is shown: payloads are shallow, and a hostile one is not. */
const MAX_DEPTH = 32;

/** The value without secrets, and whether there were any. */
export function withoutSecrets(value: unknown, depth = 0): { readonly value: unknown; readonly redacted: boolean } {
  if (typeof value !== 'object' || value === null) return { value, redacted: false };
  if (depth > MAX_DEPTH) return { value: hidden(value), redacted: true };
  let redacted = false;
  const shown = (field: string, inner: unknown): unknown => {
    const secret = SECRET.test(field.toLowerCase().replace(/[_-]/g, '')) && inner !== null;
    const clean = secret ? { value: hidden(inner), redacted: true } : withoutSecrets(inner, depth + 1);
    redacted ||= clean.redacted;
    return clean.value;
  };
  const clean = Array.isArray(value)
    ? value.map((inner) => shown('', inner))
    : Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, shown(field, inner)]));
  return { value: clean, redacted };
}

/** A run as a server with this policy sends it. */
export function shownRun(run: SentRun, policy: PayloadPolicy): SentRun {
  if (policy === 'shown') return run;
  const { input, output, questions, decision } = run;
  return {
    ...run,
    input: redactedPayload(input),
    ...(output !== undefined && { output: redactedPayload(output) }),
    ...(questions && {
      questions: questions.map((question) =>
        'input' in question ? { ...question, input: hidden(question.input) } : question,
      ),
    }),
    ...(decision && { decision: { ...decision, evidence: redactedPayload(decision.evidence) } }),
  };
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
