/** A run, its timeline and lists of runs, as they are sent. The types that the engine has for them are held against these by the contract test. */

import { z } from 'zod';
import { TIMELINE_PAGE } from '../../config.js';
import { INDEXED_STATUSES, OPERATOR_STATUSES, RUN_STATUSES } from '../../facts.js';
import { STAGE_STATES } from '../../orchestrators/timeline-page.js';
import { codes, Issue } from './problem.js';

const time = z.number().describe('milliseconds since the epoch');

export const status = z.enum(RUN_STATUSES).meta({ id: 'RunStatus' });
export const listedStatus = z.enum(INDEXED_STATUSES);
export const statusFilter = z.enum([...INDEXED_STATUSES, 'attention']);

const ErrorRecord = z
  .object({
    code: codes,
    message: z.string(),
    retryable: z.boolean(),
    step: z.string().optional(),
    issues: z.array(Issue).optional(),
    retryAfterMs: z.number().optional(),
    answered: z.boolean().optional(),
  })
  .meta({ id: 'RunError' });

const Attempt = z
  .object({ n: z.int(), startedAt: time.nullable(), finishedAt: time.nullable(), error: ErrorRecord.optional() })
  .meta({ id: 'Attempt' });

const entry = {
  name: z.string(),
  kind: z.enum(['branch', 'route', 'escalation', 'step', 'undo', 'attention']),
  state: z.enum(STAGE_STATES),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  attempts: z.array(Attempt),
  reason: z.string().optional().describe('why a branch was skipped, or why a run that is to stop waits for it'),
  run: z.string().optional().describe('the run that stands for this stage'),
};

const TimelineEntry = z.object(entry).meta({ id: 'TimelineEntry' });

export const PlacedEntry = z
  .object({ index: z.int().describe("its place in the run's timeline"), ...entry })
  .meta({ id: 'PlacedEntry' });

const Question = z
  .object({
    about: z.string(),
    status: z.enum(OPERATOR_STATUSES),
    since: time.optional(),
    dueAt: time.optional().describe('when its deadline answers it'),
    input: z.unknown().optional(),
    error: ErrorRecord.optional(),
    key: z.string().optional().describe('the key that the effect has at its service'),
    answers: z.array(z.string()),
  })
  .meta({ id: 'Question' });

const Word = z.object({
  command: z.string(),
  at: time,
  by: z.string().optional(),
  reason: z.string().optional(),
  stage: z.string().optional(),
  happened: z.boolean().optional(),
});

const Decision = z
  .object({
    route: z.string(),
    priority: z.string(),
    escalate: z.string().optional(),
    escalatedFor: z.string().optional().describe('why it went to the escalation'),
    evidence: z.unknown().optional(),
    sla: z.object({ ms: z.number(), dueAt: time, warnAt: time.optional(), warnedAt: time.optional() }).optional(),
  })
  .meta({ id: 'Decision' });

export const RunDocument = z
  .object({
    id: z.string(),
    workflow: z.string(),
    status,
    input: z.unknown().optional(),
    output: z.unknown().optional(),
    error: ErrorRecord.optional(),
    createdAt: time,
    finishedAt: time.optional(),
    retryOf: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    parent: z.object({ run: z.string(), stage: z.string() }).optional().describe('the stage for which it stands'),
    stop: z
      .object({
        cause: z.string(),
        at: time,
        by: z.string().optional(),
        reason: z.string().optional(),
        stage: z.string().optional(),
      })
      .optional(),
    questions: z.array(Question).optional(),
    words: z.array(Word).optional(),
    notUndone: z.array(z.string()).optional(),
    decision: Decision.optional(),
    callback: z
      .object({
        url: z.string(),
        state: z.enum(['waiting', 'retrying', 'delivered', 'failed']),
        attempts: z.int(),
        at: time.optional(),
        error: z.string().optional(),
      })
      .optional(),
    timeline: z.array(TimelineEntry).optional().describe('left out with timeline=none'),
  })
  .meta({ id: 'Run' });

/** Where it was accepted, or something said of it, and Redis went away before it could be looked at. */
export const AcceptedRun = z
  .object({
    id: z.string(),
    workflow: z.string(),
    status: z.literal('queued').optional().describe('of a start: as it was accepted'),
    detail: z.string().describe('what to do next'),
  })
  .meta({ id: 'AcceptedRun' });

const ListedRun = z
  .object({
    id: z.string(),
    workflow: z.string(),
    status: listedStatus,
    createdAt: time,
    finishedAt: time.optional(),
  })
  .meta({ id: 'ListedRun' });

export const RunPage = z
  .object({ runs: z.array(ListedRun), cursor: z.string().optional().describe('of the next page; absent on the last') })
  .meta({ id: 'RunPage' });

export const StageCounts = z
  .object({
    waiting: z.int(),
    running: z.int(),
    completed: z.int(),
    failed: z.int(),
    skipped: z.int(),
  })
  .meta({ id: 'StageCounts' });

export const TimelinePage = z
  .object({
    total: z.int(),
    counts: StageCounts,
    startedAt: time,
    finishedAt: time.nullable(),
    entries: z.array(PlacedEntry),
    next: z.int().optional().describe('`after` of the next page; absent on the last'),
  })
  .meta({ id: 'TimelinePage' });

export const timelineQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(TIMELINE_PAGE.max).default(TIMELINE_PAGE.default),
  state: z.enum(STAGE_STATES).optional(),
});

export const runPath = z.object({ id: z.string().min(1).max(256).describe("the run's id") });

export const waitQuery = z.strictObject({
  waitMs: z.coerce.number().int().min(0).default(0).describe('wait for the run to settle, at most this long and 30 s'),
  timeline: z.enum(['full', 'none']).default('full'),
});
