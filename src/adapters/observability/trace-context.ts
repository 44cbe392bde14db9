/**
 * Places in traces, between our port and the API of OpenTelemetry. By W3C's own form, whatever propagator is registered:
 * baggage, which may hold anything, is neither stored with a run nor sent to the servers of others.
 */
import { createTraceState, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { TraceContext } from '../../trace-context.js';

/** Undefined for a span that no SDK made. */
export function traceOf(of: SpanContext): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState } = of;
  if (!isSpanContextValid(of)) return undefined;
  const tracestate = traceState?.serialize();
  const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(tracestate && { tracestate }) };
}

export function spanContextOf(at: TraceContext | undefined): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = at?.traceparent.split('-') ?? [];
  const found = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(at?.tracestate !== undefined && { traceState: createTraceState(at.tracestate) }),
  };
  return isSpanContextValid(found) ? found : undefined;
}
