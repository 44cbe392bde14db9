/** The list's filter, kept in the page's address: it survives a reload, and can be sent to somebody. Pure. */
import type { RunsQuery } from '../connection/paths.js';

export interface Filter {
  readonly workflow: string;
  readonly status: string;
  readonly within: string;
  readonly text: string;
}

export const NO_FILTER: Filter = { workflow: '', status: '', within: '', text: '' };

export const WITHIN: Readonly<Record<string, { readonly label: string; readonly ms: number }>> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * 60_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
};

export function filterOf(search: string): Filter {
  const given = new URLSearchParams(search);
  const of = (name: keyof Filter) => given.get(name) ?? '';
  return { workflow: of('workflow'), status: of('status'), within: of('within'), text: of('text') };
}

export function searchOf(filter: Filter): string {
  const set = Object.entries(filter).filter(([, value]) => value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

export function isFiltered(filter: Filter): boolean {
  return searchOf(filter) !== '';
}

export function queryOf({ workflow, status, within, text }: Filter, now: number): RunsQuery {
  const span = WITHIN[within]?.ms;
  return {
    ...(workflow !== '' && { workflow }),
    ...(status !== '' && { status }),
    ...(text.trim() !== '' && { text: text.trim() }),
    ...(span !== undefined && { from: Math.floor(now - span) }),
  };
}
