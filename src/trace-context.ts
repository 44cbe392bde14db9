/** A run's place in a trace, as it is stored and sent. */

/** A place in a trace, as W3C Trace Context writes it: what travels with a run, and to the tools that it calls. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** As a job and a record carry it; undefined for anything else, as other programs may have written it. */
export function parseTrace(json: unknown): TraceContext | undefined {
  if (typeof json !== 'string') return undefined;
  try {
    const { traceparent, tracestate }: { traceparent?: unknown; tracestate?: unknown } = Object(JSON.parse(json));
    if (typeof traceparent !== 'string' || !TRACEPARENT.test(traceparent)) return undefined;
    return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
  } catch {
    return undefined;
  }
}

/** The trace's id, for logs. */
export function traceId(trace: TraceContext | undefined): string | undefined {
  return trace && TRACEPARENT.exec(trace.traceparent)?.[1];
}
