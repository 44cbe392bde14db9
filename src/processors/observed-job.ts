/**
 * What is told of every job, whatever kind it is: to telemetry that it began and how it ended, and in each line about it
 * whose it is. Around the handlers, so that none of them can forget.
 */
import type { Logger } from '../ports.js';
import type { JobEnd, JobKind, JobSeen, Telemetry } from '../telemetry.js';
import { traceId } from '../trace-context.js';
import { type ActiveJob, type Handled, type JobHandler, type ProcessorDependencies, RUN_STOPS } from './job.js';

type Dependencies = Pick<ProcessorDependencies, 'definition'> & { readonly telemetry: Telemetry };

export function observed(handler: JobHandler, queue: string, { definition, telemetry }: Dependencies): JobHandler {
  return async (job) => {
    const head = headOf(job.data);
    const known = definition(head.workflow, head.version) !== undefined;
    const { run, workflow, kind, stage } = head;
    const attempt = job.attempt + head.after;
    const seen: JobSeen = {
      ...{ queue, job: job.id, run, workflow, known, kind, stage, attempt, crashes: job.crashes },
      trace: job.trace,
    };
    const watched = telemetry.job(seen);
    const trace_id = traceId(watched.trace);
    const fields = {
      ...{ queue, job: job.id, run, workflow, ...(stage !== undefined && { stage }), attempt },
      ...(trace_id !== undefined && { trace_id }),
    };
    const log = lazyChild(job.log, fields);
    let end: JobEnd = { outcome: 'interrupted' };
    try {
      const handled = await watched.within(() => handler({ ...job, log }));
      end = endOf(handled, job);
      return handled;
    } finally {
      watched.end(end);
    }
  };
}

function endOf(handled: Handled, { signal }: ActiveJob): JobEnd {
  switch (handled.kind) {
    case 'completed':
      return { outcome: 'completed' };
    case 'park':
      return { outcome: 'parked' };
    case 'held':
      return { outcome: 'put-back' };
    case 'put-back':
      return { outcome: signal.aborted && signal.reason !== RUN_STOPS ? 'interrupted' : 'put-back' };
    case 'failed':
      return { outcome: 'failed', final: handled.final, error: handled.error.toJSON() };
    default:
      return { outcome: 'interrupted' };
  }
}

const KINDS: ReadonlySet<unknown> = new Set<JobKind>([
  'timer',
  'callback',
  'branch',
  'route',
  'escalation',
  'step',
  'undo',
]);

interface Head {
  readonly run: string;
  readonly workflow: string;
  readonly version: number;
  readonly kind: JobKind;
  readonly stage?: string;
  readonly after: number;
}

/** What can be told of a job before its handler has checked it, and also when the handler refuses it. */
function headOf(data: unknown): Head {
  const { run, workflow, version, kind, stage, after }: Readonly<Record<string, unknown>> = Object(data);
  return {
    run: text(run),
    workflow: text(workflow),
    version: typeof version === 'number' ? version : 0,
    kind: kind === undefined ? 'root' : KINDS.has(kind) ? (kind as JobKind) : 'other',
    ...(typeof stage === 'string' && { stage }),
    after: typeof after === 'number' ? after : 0,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}

/** A child logger that is made with its first line: most jobs say nothing, and making one costs more than many a job. */
function lazyChild(parent: Logger, fields: Record<string, unknown>): Logger {
  let made: Logger | undefined;
  const child = () => {
    made ??= parent.child(fields);
    return made;
  };
  return {
    debug: (more, message) => child().debug(more, message),
    info: (more, message) => child().info(more, message),
    warn: (more, message) => child().warn(more, message),
    error: (more, message) => child().error(more, message),
    child: (more) => lazyChild(parent, { ...fields, ...more }),
  };
}
