/**
 * What a program elsewhere is told of a run's end. Made where the run ends, since its retention may be over, or its outcome
 * gone by a retry in its place, long before a receiver that is down takes it. Pure.
 */
import type { EndNews, RunOutcome, RunRecord } from '../facts.js';
import type { WorkflowDefinition } from './definition.js';
import { summarizeRun } from './timeline.js';

/** Bytes of a body: receivers commonly take as much and no more. A larger run is told without its input and output. */
const MAX_BYTES = 128 * 1024;

/** Undefined where nobody is to be told. */
export function endNews(
  definition: WorkflowDefinition | undefined,
  record: RunRecord,
  outcome: RunOutcome,
): EndNews | undefined {
  const { callback, workflow, version, priority, trace } = record;
  if (!callback) return undefined;
  const body = newsBody(definition, record, outcome);
  return { url: callback.url, workflow, version, priority, ...(trace && { trace }), body };
}

/** The run's document without its timeline; of a very large one only that there is an output. The same for every attempt. */
export function newsBody(definition: WorkflowDefinition | undefined, record: RunRecord, outcome: RunOutcome): string {
  const { callback: _callback, ...run } = summarizeRun(definition, {
    record: { ...record, outcome },
    stages: new Map(),
  });
  const message = { type: `run.${outcome.status}`, timestamp: new Date(outcome.finishedAt).toISOString() };
  const whole = JSON.stringify({ ...message, data: run });
  if (Buffer.byteLength(whole) <= MAX_BYTES) return whole;
  const { input: _input, output: _output, ...rest } = run;
  return JSON.stringify({ ...message, data: { ...rest, truncated: true } });
}
