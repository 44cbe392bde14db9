/** How a recording proxy is told what it stands in front of. */
import { z } from 'zod';

/** Variable that holds {@link ProxySettings} as JSON: not an argument, which every user of the machine may read. */
export const PROXY_VARIABLE = 'SWITCHYARD_RECORDING_PROXY';

export const ProxySettings = z.strictObject({
  /** Name of the server in `mcp.json`. */
  server: z.string().min(1),
  /** File that lines are appended to. */
  record: z.string().min(1),
  upstream: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('stdio'),
      command: z.string().min(1),
      args: z.array(z.string()),
      env: z.record(z.string(), z.string()),
      cwd: z.string().optional(),
    }),
    z.strictObject({ kind: z.literal('http'), url: z.url(), headers: z.record(z.string(), z.string()) }),
  ]),
});
export type ProxySettings = z.infer<typeof ProxySettings>;

/**
 * What is to be done to one call:
 *
 * - `lose`: the effect happens, the answer goes no further.
 * - `late`: the call reaches the server only after a later call of the same stage was answered; its own answer is lost.
 * - `held`: the call is written down and goes no further; the crash test hands it to the server when its run has been undone,
 *   since a server over stdio is started anew after a call that was not answered.
 * - `twice`: the call is sent twice, one after the other, as a network does that delivers at least once.
 */
export const FAULTS = ['lose', 'late', 'held', 'twice'] as const;
export type Fault = (typeof FAULTS)[number];

/** What a worker puts into a call's `_meta` for the proxy; the server behind it sees the first two only. */
export const META = {
  run: 'switchyard/run',
  key: 'switchyard/key',
  stage: 'switchyard/crash-test-stage',
  attempt: 'switchyard/crash-test-attempt',
  fault: 'switchyard/crash-test-fault',
} as const;

const CallMeta = z.looseObject({
  [META.run]: z.string().optional(),
  [META.key]: z.string().optional(),
  [META.stage]: z.string().optional(),
  [META.attempt]: z.string().optional(),
  [META.fault]: z.enum(FAULTS).optional(),
});

export interface MarkedCall {
  readonly run?: string;
  readonly stage?: string;
  readonly attempt?: number;
  readonly key?: string;
  readonly fault?: Fault;
}

/** What the worker says of a call. */
export function marksOf(meta: unknown): MarkedCall {
  const parsed = CallMeta.safeParse(meta ?? {}).data ?? {};
  const [run, key, stage] = [parsed[META.run], parsed[META.key], parsed[META.stage]];
  const [attempt, fault] = [parsed[META.attempt], parsed[META.fault]];
  return {
    ...(run !== undefined && { run }),
    ...(key !== undefined && { key }),
    ...(stage !== undefined && { stage }),
    ...(attempt !== undefined && { attempt: Number(attempt) }),
    ...(fault !== undefined && { fault }),
  };
}

/** `_meta` as it goes on to the server. */
export function withoutMarks(meta: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const marks: readonly string[] = [META.stage, META.attempt, META.fault];
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !marks.includes(name)));
}
