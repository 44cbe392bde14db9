/** The list's filter, kept in the page's address: it survives a reload, and can be sent to somebody. Pure. */
import type { RunsQuery } from '../connection/paths.js';

export interface Filter {
  readonly workflow: string;
  readonly status: string;
  /** A name in {@link WITHIN}, or `between` for `from` and `to`. */
  readonly within: string;
  /** As a field of date and time has it, in the reader's own time zone: `2026-11-30T14:05`. */
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  readonly text: string;
}

export const NO_FILTER: Filter = { workflow: '', status: '', within: '', from: '', to: '', tag: '', text: '' };

export const BETWEEN = 'between';

export const WITHIN: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * 60_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
};

const MINUTE_MS = 60_000;

export function filterOf(search: string): Filter {
  const given = new URLSearchParams(search);
  const of = (name: keyof Filter) => given.get(name) ?? '';
  const filter = { workflow: of('workflow'), status: of('status'), tag: of('tag'), text: of('text') };
  const [from, to] = [of('from'), of('to')];
  return { ...filter, from, to, within: from !== '' || to !== '' ? BETWEEN : of('within') };
}

export function searchOf(filter: Filter): string {
  const { from, to, ...others } = filter;
  const set = Object.entries(filter.within === BETWEEN ? filter : others).filter(([, value]) => value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

export function isFiltered(filter: Filter): boolean {
  return searchOf(filter) !== '';
}

/** Half of a tag is not searched for: the server would refuse each letter that is typed before its value. */
export function isWholeTag(tag: string): boolean {
  return /^[^=\s]+=./.test(tag.trim());
}

export function queryOf({ workflow, status, within, from, to, tag, text }: Filter, now: number): RunsQuery {
  const span = WITHIN[within]?.ms;
  const [first, last] = within === BETWEEN ? [momentOf(from), momentOf(to)] : [];
  return {
    ...(workflow !== '' && { workflow }),
    ...(status !== '' && { status }),
    ...(text.trim() !== '' && { text: text.trim() }),
    ...(isWholeTag(tag) && { tag: tag.trim() }),
    ...(span !== undefined && { from: Math.floor(now - span) }),
    ...(first !== undefined && { from: first }),
    // To the end of the minute that is named.
    ...(last !== undefined && { to: last + MINUTE_MS - 1 }),
  };
}

/** Undefined for what is half typed: a date without a time would be taken for midnight in UTC. */
function momentOf(local: string): number | undefined {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(local) ? new Date(local).getTime() : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
