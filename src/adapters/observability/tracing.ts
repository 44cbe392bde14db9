/**
 * Runs as OpenTelemetry traces: one trace per run, whichever processes take part. Without an SDK in the process
 * nothing is recorded, and a run's place in a trace is passed on as it came.
 *
 * - `start <workflow>` (producer): in the caller's trace, or the root of one. Everything else of the run is its child.
 * - `<workflow> <stage>` (consumer): one attempt at a stage; a retry is a span of its own. `<workflow> decide`: the root at work.
 * - `tools/call <tool>` (client): a call, after the semantic conventions for MCP; the server is sent its place in `_meta`.
 * - `run <workflow>`: the whole, told when it has ended, with the times of its acceptance and its end.
 *
 * A run whose producer had no SDK has no place in a trace. Its workers then agree on one that is made of the run's id.
 */
import { createHash } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { ErrorRecord } from '../../errors.js';
import type { JobSeen, TelemetryListener, ToolCallSeen, Watched } from '../../telemetry.js';
import type { TraceContext } from '../../trace-context.js';
import { spanContextOf, traceOf } from './trace-context.js';

const SCOPE = 'switchyard-mq';

export function createTracing(): TelemetryListener {
  // Asked for each time: an SDK may be registered after this was made.
  const tracer = () => trace.getTracer(SCOPE);
  return {
    start({ workflow, repeats }) {
      if (!isRecorded()) return passedOn(undefined);
      const repeated = spanContextOf(repeats);
      const span = tracer().startSpan(`start ${workflow}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          'switchyard.workflow': workflow,
          'messaging.system': 'bullmq',
          'messaging.operation.type': 'send',
        },
        links: repeated ? [{ context: repeated, attributes: { 'switchyard.link': 'repeats' } }] : [],
      });
      return watching(span, ({ error, ...accepted }) => {
        if (error) return failed(span, error);
        if ('run' in accepted) {
          span.setAttributes({ 'switchyard.run.id': accepted.run, 'switchyard.duplicate': accepted.duplicate });
        }
      });
    },

    job(job) {
      // Clocks are jobs for bookkeeping; what they bring about shows in the stages that follow.
      if (job.kind === 'timer') return undefined;
      if (!isRecorded()) return passedOn(job.trace);
      const what = job.kind === 'root' ? 'decide' : (job.stage ?? job.kind);
      const options = { kind: SpanKind.CONSUMER, attributes: jobAttributes(job) };
      const span = tracer().startSpan(`${job.workflow} ${what}`, options, placeOf(job.run, job.trace));
      return watching(span, ({ outcome, final, error }) => {
        span.setAttributes({
          'switchyard.outcome': outcome,
          ...(final !== undefined && { 'switchyard.final': final }),
        });
        if (error) failed(span, error);
      });
    },

    toolCall(call) {
      if (!isRecorded()) return passedOn(call.trace);
      const span = tracer().startSpan(`tools/call ${call.tool}`, {
        kind: SpanKind.CLIENT,
        attributes: callAttributes(call),
      });
      return watching(
        span,
        ({ error }) => error && failed(span, error, error.code === 'TOOL_FAILED' ? 'tool_error' : undefined),
      );
    },

    runEnded({ run, workflow, status, createdAt, finishedAt, error, trace: of }) {
      if (!isRecorded()) return;
      const attributes = {
        'switchyard.run.id': run,
        'switchyard.workflow': workflow,
        'switchyard.run.status': status,
      };
      const span = tracer().startSpan(`run ${workflow}`, { startTime: createdAt, attributes }, placeOf(run, of));
      if (error) failed(span, error);
      span.end(Math.max(createdAt, finishedAt));
    },
  };
}

function watching<End>(span: Span, describe: (how: End) => void): Watched<End> {
  return {
    trace: traceOf(span.spanContext()),
    within: (work) => context.with(trace.setSpan(context.active(), span), work),
    end(how) {
      describe(how);
      span.end();
    },
  };
}

/** Only what the standard names; messages may repeat what a tool or an input said. */
function failed(span: Span, { code }: ErrorRecord, type: string = code): void {
  span.setAttributes({ 'error.type': type, 'switchyard.error.code': code });
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

function jobAttributes({ queue, job, run, workflow, kind, stage, attempt, crashes }: JobSeen): Attributes {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'messaging.destination.name': queue,
    'messaging.message.id': job,
    'switchyard.run.id': run,
    'switchyard.workflow': workflow,
    'switchyard.kind': kind,
    ...(stage !== undefined && { 'switchyard.stage': stage }),
    'switchyard.attempt': attempt,
    ...(crashes > 0 && { 'switchyard.crashes': crashes }),
  };
}

function callAttributes({ run, stage, capability, server, tool, transport }: ToolCallSeen): Attributes {
  return {
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    ...(transport && { 'network.transport': transport === 'stdio' ? 'pipe' : 'tcp' }),
    'switchyard.mcp.server': server,
    'switchyard.capability': capability,
    'switchyard.run.id': run,
    'switchyard.stage': stage,
  };
}

/** A context in which spans belong to the run, and to nothing that happens to be active in the worker. */
function placeOf(run: string, at: TraceContext | undefined): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(at) ?? agreedOn(run));
}

const NOT_RECORDED: Watched<unknown> = { within: (work) => work(), end: () => {} };

/** Without an SDK: whoever comes after may have one, and finds the place in the trace as it was. */
function passedOn(at: TraceContext | undefined): Watched<unknown> {
  return at ? { ...NOT_RECORDED, trace: at } : NOT_RECORDED;
}

/** Whether the process has an SDK. */
function isRecorded(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}

function agreedOn(run: string) {
  const digest = createHash('sha256').update(run).digest('hex');
  return {
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
}
