/**
 * Tags: a few short words by which people find a run again, `customer=42`. They are kept with the run and in an index of
 * their own, in plain text: no place for what must not be read in Redis.
 */
import { MAX_TAG_LENGTH, MAX_TAGS } from './config.js';
import { SwitchyardError } from './errors.js';

export type Tags = Readonly<Record<string, string>>;

const NAME = /^[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*$/i;

/** Control characters, and what breaks a line: a tag stands in tables and in key names. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u;

const FORM = `1 to ${MAX_TAGS} tags, each a name of letters and digits and a value of 1 to ${MAX_TAG_LENGTH} characters, such as { customer: '42' }`;

/** @throws SwitchyardError INVALID_INPUT */
export function assertTags(tags: Tags): void {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) throw refused(`${entries.length} tags are given`);
  for (const [name, value] of entries) assertTag(name, value);
}

/**
 * A tag as it is searched for.
 * @throws SwitchyardError INVALID_INPUT for anything but `name=value`
 */
export function parseTag(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 0) throw refused(`${JSON.stringify(text)} is a name without a value`);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  assertTag(name, value);
  return [name, value];
}

/** What people type, one `name=value` each. @throws SwitchyardError INVALID_INPUT */
export function parseTags(texts: readonly string[]): Tags {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const [name, value] = parseTag(text);
    if (tags.has(name)) throw refused(`tag "${name}" is given twice`);
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

function assertTag(name: string, value: unknown): void {
  const text = JSON.stringify(`${name}=${String(value)}`);
  if (!NAME.test(name) || name.length > MAX_TAG_LENGTH) throw refused(`${text} has no name that can be used`);
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_TAG_LENGTH || UNPRINTABLE.test(value)) {
    throw refused(`${text} has no value that can be used`);
  }
}

function refused(why: string): SwitchyardError {
  return new SwitchyardError('INVALID_INPUT', `${why}: give ${FORM}, or --tag customer=42`);
}
