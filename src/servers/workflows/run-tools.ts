/**
 * Tools about runs that an agent gets without being asked for: it may look at what runs, wait for it, and take back or
 * repeat what it could as well have left alone or begun anew. Words that stand for a person's decision are in
 * `operator-tools.ts`.
 */

import { z } from 'zod';
import { LIST_PAGE, MAX_KEY_LENGTH } from '../../config.js';
import { SwitchyardError } from '../../errors.js';
import { INDEXED_STATUSES } from '../../facts.js';
import { newRunId } from '../../names.js';
import { waitSeconds } from './call-options.js';
import { followRun } from './follow-run.js';
import { afterwards } from './not-to-repeat.js';
import { answerOf, RunAnswer, toolResult } from './run-answer.js';
import { type ServedTool, servedTool, type ToolHost } from './served-tool.js';

export const runId = z.string().min(1).max(256).describe('id of the run');
export const reason = z.string().min(1).max(1_000).optional().describe('why; kept with the run');

const LISTED = 20;

const FILTERS = [...INDEXED_STATUSES, 'attention'] as const;

const Stage = z.object({
  name: z.string(),
  kind: z.string(),
  state: z.string(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
  attempts: z.int(),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
const STAGES_SHOWN = 200;

const RunStatusAnswer = RunAnswer.extend({
  timeline: z.array(Stage).describe(`its stages in order, ${STAGES_SHOWN} at most`),
});

const Listed = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      workflow: z.string(),
      status: z.string(),
      createdAt: z.number(),
      finishedAt: z.number().optional(),
    }),
  ),
  cursor: z.string().optional().describe('give it to run_list for the next page'),
});

const READS = { readOnlyHint: true, openWorldHint: false };

export function runTools(host: ToolHost): readonly ServedTool[] {
  return [runStatus(host), runResult(host), runWait(host), runList(host), runCancel(host), runRetry(host)];
}

function runStatus({ runs, operator }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_status',
    title: 'How a run stands',
    description:
      'How a run stands: each stage with its attempts and errors, and what it asks of people. Does not wait.',
    annotations: READS,
    input: z.strictObject({ id: runId }),
    output: RunStatusAnswer,
    async call({ id }) {
      const state = await runs.run(id).describe();
      const { output: _, ...answer } = answerOf(state, operator);
      const timeline = state.timeline.slice(0, STAGES_SHOWN).map(({ name, kind, state: how, ...entry }) => {
        const failed = entry.attempts.at(-1)?.error;
        return {
          name,
          kind,
          state: how,
          startedAt: entry.startedAt,
          finishedAt: entry.finishedAt,
          attempts: entry.attempts.length,
          ...(failed && { error: { code: failed.code, message: failed.message } }),
        };
      });
      const whole = { ...answer, timeline };
      // That the run failed is what was asked; the question did not fail.
      return { structuredContent: whole, content: [{ type: 'text', text: JSON.stringify(whole) }] };
    },
  });
}

function runResult({ runs, operator }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_result',
    title: 'Result of a run',
    description: 'What a run returned, or why it failed. One that has not ended says so. Does not wait.',
    annotations: READS,
    input: z.strictObject({ id: runId }),
    output: RunAnswer,
    call: async ({ id }) => toolResult(answerOf(await runs.run(id).describe(), operator)),
  });
}

function runWait({ runs, waitMs, mostWaitMs, operator }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_wait',
    title: 'Wait for a run',
    description:
      'Waits until a run has ended or asks a person, with progress, and answers with its result: for a run whose call was lost or has answered "still running". Names it by `id`, or by `workflow` and `key` as it was started.',
    annotations: READS,
    input: z.strictObject({
      id: runId.optional(),
      workflow: z.string().min(1).max(64).optional(),
      key: z.string().min(1).max(MAX_KEY_LENGTH).optional().describe('the `_run.key` that it was started with'),
      waitSeconds: waitSeconds(mostWaitMs / 1_000).optional(),
    }),
    output: RunAnswer,
    async call({ id, workflow, key, waitSeconds: seconds }, { signal, listener }) {
      const limitMs = seconds === undefined ? waitMs : seconds * 1_000;
      const run = runs.run(id ?? idByKey(workflow, key));
      const seen = await followRun(run, { waitMs: limitMs, signal, listener });
      // Nothing is known of it, not even whether it is there.
      if (seen && 'outage' in seen) throw seen.outage;
      return seen && toolResult(answerOf(seen.state, operator));
    },
  });
}

function idByKey(workflow: string | undefined, key: string | undefined): string {
  if (workflow !== undefined && key !== undefined) return newRunId(workflow, key, 0);
  throw new SwitchyardError('INVALID_INPUT', 'tool "run_wait": give `id`, or both `workflow` and `key`');
}

function runList({ runs: served }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_list',
    title: 'List runs',
    description:
      'Runs, newest first. `attention` are those that wait for a person; `open` ones are queued or running. Ask run_status about one. A page may be short, and have others behind its `cursor`.',
    annotations: READS,
    input: z.strictObject({
      workflow: z.string().min(1).max(64).optional(),
      status: z.enum(FILTERS).optional(),
      tag: z.string().min(3).max(256).optional().describe('one of `_run.tags`, as in customer=42'),
      limit: z.int().min(1).max(LIST_PAGE.max).default(LISTED),
      cursor: z.string().max(512).optional(),
    }),
    output: Listed,
    async call({ workflow, status, tag, limit, cursor }) {
      const { runs, cursor: next } = await served.list({
        limit,
        ...(workflow !== undefined && { workflow }),
        ...(status !== undefined && { status }),
        ...(tag !== undefined && { tag }),
        ...(cursor !== undefined && { cursor }),
      });
      const page = { runs: [...runs], ...(next !== undefined && { cursor: next }) };
      return { structuredContent: page, content: [{ type: 'text', text: JSON.stringify(page) }] };
    },
  });
}

function runCancel({ runs, operator }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_cancel',
    title: 'Cancel a run',
    description:
      'Stops a run: what has not begun does not begin, and a saga undoes what it did. Answers how it stands right after; it may take a while to end.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    input: z.strictObject({ id: runId, reason }),
    output: RunAnswer,
    async call({ id, reason: why }, { by }) {
      const run = runs.run(id);
      await run.cancel({ by, ...(why !== undefined && { reason: why }) });
      return toolResult(answerOf(await afterwards(id, 'is being cancelled', run.describe), operator), 'said');
    },
  });
}

function runRetry({ runs, operator }: ToolHost): ServedTool {
  return servedTool({
    name: 'run_retry',
    title: 'Retry a run',
    description:
      'Runs again what failed in a run that has failed, and keeps what succeeded; one that was undone or cancelled begins anew, as another run, whose id is answered: the same one, however often it is asked for.',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    input: z.strictObject({ id: runId, reason }),
    output: RunAnswer,
    async call({ id, reason: why }, { by }) {
      const next = await runs.run(id).retry({ by, ...(why !== undefined && { reason: why }) });
      const how = next.duplicate ? 'was begun anew before' : 'was begun again';
      const answer = answerOf(await afterwards(next.id, how, next.describe), operator);
      const before = next.duplicate && `Run ${id} had been begun anew before, as this run; nothing was begun now.`;
      return toolResult(before ? { ...answer, next: [before, answer.next].filter(Boolean).join(' ') } : answer, 'said');
    },
  });
}
