/** Every address that these pages ask or link to. */
const of = encodeURIComponent;

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') set.set(name, String(value));
  }
  return set.size === 0 ? '' : `?${set}`;
}

export interface RunsQuery {
  readonly workflow?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly from?: number;
  readonly to?: number;
  readonly cursor?: string;
  readonly limit?: number;
}

export const api = {
  workflows: '/v1/workflows',
  counts: '/v1/counts',
  paused: '/v1/paused',
  runs: (asked: RunsQuery = {}) => `/v1/runs${query({ ...asked })}`,
  /** The run without its stages: of a wide one they would be all of them, with their results. */
  start: '/v1/runs?timeline=none',
  allEvents: '/v1/events',
  run: (id: string) => `/v1/runs/${of(id)}?timeline=none`,
  timeline: (id: string, asked: { readonly after?: number; readonly limit?: number; readonly state?: string }) =>
    `/v1/runs/${of(id)}/timeline${query(asked)}`,
  payload: (id: string, of_: 'input' | 'output' | 'stage', stage?: string) =>
    `/v1/runs/${of(id)}/payload${query({ of: of_, stage })}`,
  events: (id: string) => `/v1/runs/${of(id)}/events`,
  act: (id: string, action: string) => `/v1/runs/${of(id)}/${action}?timeline=none`,
} as const;

export const page = {
  runs: (filter: Readonly<Record<string, string | undefined>> = {}) => `/${query(filter)}`,
  run: (id: string) => `/runs/${of(id)}`,
  start: (workflow: string) => `/start/${of(workflow)}`,
  queues: '/admin/queues',
  queue: (name: string) => `/admin/queues/queue/${of(name)}`,
  job: (queue: string, id: string) => `/admin/queues/queue/${of(queue)}/${of(id)}`,
  apiDocs: '/docs',
} as const;
