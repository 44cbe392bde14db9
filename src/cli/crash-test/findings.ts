/** What can be wrong, and what mends it: the one place for these words. */

export const REMEDIES = {
  NO_KEY: 'no key: add key:, find:, or mark unsafe',
  KEY_CHANGES: 'changes with each attempt: derive it from input and key',
  KEY_IGNORED: 'its tool does not honour the key: use one that does, add find:, or mark unsafe',
  FIND_MISSED: 'find does not see the effect: mend what it asks for, or how it reads the answer',
  FIND_INVENTED: 'find reports an effect that has not happened: mend how it reads the answer',
  EFFECT_LOST: 'the effect is missing: its task ended well without it',
  UNDO_NEEDS_OUTPUT: 'the undo needs `output`: derive its arguments from input and key',
  UNDO_REPEATS: 'the undo is done twice: give it a key, or a tool that undoes once',
  UNDO_REFUSED: 'the undo is refused: its tool must undo by key, and accept what never happened',
  UNDO_OF_NOTHING: 'the undo undoes what never happened: its tool must look under the key first',
  UNDO_INCOMPLETE: 'the run says compensated and the effect stands: mend what the undo asks for',
  REPEAT_REFUSED: 'the tool refuses the repeat: the same key must be the same effect',
  LATE_EFFECT: 'a late call takes effect after its undo: the tool needs a tombstone, refuse a key that was undone',
  NOT_ANSWERED: 'nobody answers it: give its answer in `answers`',
  NOT_ENDED: 'the run does not end: look at its workers and its tool',
  NOT_PASSED: 'the run never came to this point: see how it ended',
  UNDISTURBED: 'fails without any crash: mend this first',
} as const;

export type FindingCode = keyof typeof REMEDIES;

export interface Finding {
  readonly code: FindingCode;
  readonly step: string;
  /** What to do, in a line. */
  readonly remedy: string;
  /** What was seen. */
  readonly detail: string;
}

export interface Verdict {
  /** What came of it, in two or three words. */
  readonly result: string;
  /** `trusted`: nothing that was seen speaks against it, but nothing proves it either. */
  readonly verdict: 'ok' | 'trusted' | 'failed';
  /** Why it is trusted, or what else there is to know. */
  readonly note?: string;
  readonly finding?: Finding;
}

export function failed(
  result: string,
  code: FindingCode,
  { step, detail, subject }: { readonly step: string; readonly detail: string; readonly subject?: string },
): Verdict {
  const remedy = subject === undefined ? REMEDIES[code] : `${subject} ${REMEDIES[code]}`;
  return { result, verdict: 'failed', finding: { code, step, remedy, detail } };
}
