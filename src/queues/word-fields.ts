/** What a person's word changes in the run's log, by field. */
import type { Facts } from '../facts.js';
import { ROOT_STAGE } from '../orchestrators/decide-saga.js';
import type { Statement } from '../orchestrators/operate.js';

export function fieldsOf({ answeredFor, done, word }: Statement): Readonly<Record<string, string>> {
  return {
    ...(answeredFor && { [`answered-for/${answeredFor.stage}`]: String(answeredFor.attempt) }),
    ...(done && word.stage !== undefined && { [`done/${word.stage}`]: JSON.stringify(done) }),
  };
}

/**
 * What the root's own functions threw is behind it. Lost answers are not: an effect that is not safe to repeat is put
 * before a person again.
 */
export function answeredForOwn({ record }: Facts): Readonly<Record<string, string>> {
  const own = record.failedAttempts.get(ROOT_STAGE)?.at(-1);
  return own ? { [`answered-for/${ROOT_STAGE}`]: String(own.n) } : {};
}
