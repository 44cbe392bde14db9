/** The trace of whoever sends an HTTP request, where nothing else in the process has taken it up. */
import { context, isSpanContextValid, trace } from '@opentelemetry/api';
import { parseTrace } from '../../trace-context.js';
import { spanContextOf } from './trace-context.js';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export function inTraceOf<T>({ traceparent, tracestate }: Headers, work: () => T): T {
  const active = trace.getSpanContext(context.active());
  // An instrumentation of HTTP has read the headers, and has a span of its own in between.
  if (active && isSpanContextValid(active)) return work();
  const sent = spanContextOf(parseTrace(JSON.stringify({ traceparent, tracestate })));
  return sent ? context.with(trace.setSpanContext(context.active(), sent), work) : work();
}
