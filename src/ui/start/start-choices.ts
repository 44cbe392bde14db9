/** What is said of a run beside its input, as it is typed, and as it is sent. Pure. */

export type Unit = 's' | 'm' | 'h' | 'd';

/** A length of time as it is typed: nothing, or a number of units. */
export interface Span {
  readonly amount: string;
  readonly unit: Unit;
}

export interface StartChoices {
  readonly key: string;
  readonly priority: string;
  /** `name=value`, separated by commas. */
  readonly tags: string;
  readonly delay: Span;
  readonly deadline: Span;
}

export const NO_CHOICES: StartChoices = {
  key: '',
  priority: '',
  tags: '',
  delay: { amount: '', unit: 'm' },
  deadline: { amount: '', unit: 'm' },
};

const UNIT_MS: Readonly<Record<Unit, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The members of the request; what was left empty is not there.
 * @throws Error for what cannot be sent at all; what the values mean the server judges
 */
export function optionsOf({ key, priority, tags, delay, deadline }: StartChoices): Readonly<Record<string, unknown>> {
  return {
    ...(key.trim() !== '' && { key: key.trim() }),
    ...(priority !== '' && { priority }),
    ...(tags.trim() !== '' && { tags: tagsOf(tags) }),
    ...(delay.amount.trim() !== '' && { delayMs: Math.round(numberOf(delay, 'Begin after') * UNIT_MS[delay.unit]) }),
    ...(deadline.amount.trim() !== '' && { deadline: `${numberOf(deadline, 'Stop after')}${deadline.unit}` }),
  };
}

function numberOf({ amount }: Span, label: string): number {
  const value = Number(amount);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${label}: “${amount}” is not a number.`);
  return value;
}

function tagsOf(text: string): Readonly<Record<string, string>> {
  const texts = text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  return Object.fromEntries(
    texts.map((tag) => {
      const at = tag.indexOf('=');
      if (at < 1) throw new Error(`Tags: “${tag}” is not name=value.`);
      return [tag.slice(0, at).trim(), tag.slice(at + 1).trim()];
    }),
  );
}
