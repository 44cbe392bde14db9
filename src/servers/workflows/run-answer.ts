/**
 * A run as an agent is told of it: the run's document without what would only fill the agent's memory (its own input, every
 * attempt), and with `next`, what to do now. `switchyard://runs/<id>` has the whole document.
 */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { isOperatorStatus, RUN_STATUSES, type RunStatus } from '../../facts.js';
import type { Question } from '../../orchestrators/questions.js';
import type { RunState } from '../../queues/run-handle.js';

export const RUN_META = 'switchyard/run';

const ErrorShape = z.looseObject({ code: z.string(), message: z.string(), step: z.string().optional() });

const QuestionShape = z.looseObject({
  about: z.string().describe('the stage that it is about'),
  status: z.string(),
  input: z.unknown().optional(),
  error: ErrorShape.optional(),
  answers: z.array(z.string()).describe('the words that may be said of it'),
});

/** What every tool about one run answers. */
export const RunAnswer = z.object({
  id: z.string().describe('the run; give it to run_status, run_wait, run_result or run_cancel'),
  workflow: z.string(),
  status: z.enum(RUN_STATUSES),
  ended: z.boolean().describe('false: it goes on, or waits for a person'),
  output: z.unknown().optional().describe('what the workflow returned; there once it has ended with a result'),
  error: ErrorShape.optional(),
  stages: z
    .object({ ended: z.int(), known: z.int() })
    .describe('how many stages have ended, of those known so far: a saga that turns round, or a router, adds more'),
  questions: z.array(QuestionShape).optional().describe('what it asks of a person'),
  notUndone: z.array(z.string()).optional().describe('steps that may have happened and still stand'),
  createdAt: z.number().optional().describe('ms since 1970; absent where the run could not be looked at'),
  finishedAt: z.number().optional(),
  next: z.string().optional().describe('what to do now'),
});
export type RunAnswer = z.infer<typeof RunAnswer>;

const RESULT: ReadonlySet<RunStatus> = new Set(['completed', 'partial']);

/** It has ended, or stands still until a person has spoken. */
export function isSettled({ status }: RunState): boolean {
  return status !== 'queued' && status !== 'running' && status !== 'compensating';
}

export function answerOf(state: RunState, operator: boolean): RunAnswer {
  const { id, workflow, status, timeline, createdAt, finishedAt, notUndone } = state;
  const questions = state.questions?.map(({ since: _, error: why, ...question }: Question) => ({
    ...question,
    ...(why && { error: { ...why } }),
    answers: [...question.answers],
  }));
  const output = 'output' in state ? state.output : undefined;
  const error = 'error' in state ? state.error : undefined;
  return {
    id,
    workflow,
    status,
    ended: finishedAt !== undefined,
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error: { ...error } }),
    stages: stagesOf(state),
    ...(questions && { questions }),
    ...(notUndone && { notUndone: [...notUndone] }),
    createdAt,
    ...(finishedAt !== undefined && { finishedAt }),
    ...nextOf(state, operator, timeline.length === 0),
  };
}

/** Of a run that was accepted, and that Redis has not shown since. */
export function unseenAnswer(id: string, workflow: string): RunAnswer {
  return {
    ...{ id, workflow, status: 'queued', ended: false, stages: { ended: 0, known: 0 } },
    next: 'It was accepted, and Redis has not answered since: it may be further than this. Do not start it again; ask run_wait with this id.',
  };
}

export function stagesOf({ timeline }: RunState): RunAnswer['stages'] {
  const ended = timeline.filter(({ state }) => state === 'completed' || state === 'failed' || state === 'skipped');
  return { ended: ended.length, known: timeline.length };
}

function nextOf(state: RunState, operator: boolean, unseen: boolean): { readonly next?: string } {
  const { id, status } = state;
  if (isOperatorStatus(status)) {
    const how = operator
      ? 'ask your user, then say it with run_approve, run_reject, run_resume, run_resolve, run_skip or run_abandon, as `questions` lists'
      : `tell your user, who answers with a command that \`switchyard show ${id}\` lists`;
    return { next: `It waits for a person's decision, and goes on by itself once it has one: ${how}.` };
  }
  if (!isSettled(state)) {
    const worker =
      status === 'queued' && unseen ? ' Nobody has begun it yet: a worker must run (`switchyard worker`).' : '';
    return { next: `Still ${status}: ask run_status with this id, or run_wait to wait for its end.${worker}` };
  }
  switch (status) {
    case 'compensated':
      return { next: 'It failed, and everything that it did was undone. Mend the cause, then start a new run.' };
    case 'failed':
      return { next: 'It failed; `error` says why. run_retry runs again what failed, and keeps what succeeded.' };
    case 'partial':
      return { next: 'Part of it failed, and `output` holds the rest. run_retry runs again what failed.' };
    default:
      return {};
  }
}

/**
 * The answer as MCP carries it. Where a result was asked for, a run that ended without one is a tool error, with its code;
 * where a word was said, having said it is what was asked.
 */
export function toolResult(answer: RunAnswer, asked: 'result' | 'said' = 'result'): CallToolResult {
  return {
    ...(asked === 'result' && answer.ended && !RESULT.has(answer.status) && { isError: true }),
    structuredContent: answer,
    content: [{ type: 'text', text: JSON.stringify(answer) }],
    _meta: { [RUN_META]: answer.id },
  };
}
