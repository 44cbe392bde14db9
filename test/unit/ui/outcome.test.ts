import { describe, expect, it } from 'vitest';
import type { WorkflowShape } from '../../../src/orchestrators/shape.js';
import type { RunSummary, TimelineEntry } from '../../../src/orchestrators/timeline.js';
import type { StageCounts } from '../../../src/orchestrators/timeline-page.js';
import { type KnownStages, outcomeOf } from '../../../src/ui/words/outcome.js';

type Said = Partial<RunSummary> & Pick<RunSummary, 'status'>;
type Entry = Pick<TimelineEntry, 'name' | 'kind' | 'state'> & { readonly code?: 'CANCELLED' | 'TOOL_FAILED' };

const NONE = { waiting: 0, running: 0, completed: 0, failed: 0, skipped: 0 };

function stagesOf(entries: readonly Entry[], counts?: Partial<StageCounts>): KnownStages {
  const counted = { ...NONE };
  for (const { state } of entries) counted[state] += 1;
  const all = { ...counted, ...counts };
  return {
    total: Object.values(all).reduce((sum, count) => sum + count, 0),
    counts: all,
    entries: entries.map(({ name, kind, state, code }) => ({
      ...{ name, kind, state, startedAt: 1, finishedAt: 2 },
      attempts: code ? [{ n: 1, startedAt: 1, finishedAt: 2, error: { code, message: 'no', retryable: false } }] : [],
    })),
  };
}

const stage = (name: string) => ({ name, task: name, queue: 'tasks' });
const fan = (onFailure: 'collect' | 'fail' | { quorum: number } = 'collect'): WorkflowShape => ({
  ...{ pattern: 'list', onFailure, each: stage('item') },
});
const router: WorkflowShape = { pattern: 'router', routes: [stage('billing')], escalation: stage('person'), slaMs: {} };
const saga: WorkflowShape = {
  pattern: 'saga',
  steps: ['pay', 'pack', 'ship'].map((name) => ({ ...stage(name), pivot: false })),
};
const decision = { route: 'billing', priority: 'LOW', evidence: {} } as const;
const error = (code: string, step?: string) =>
  ({ code, message: 'why', retryable: false, ...(step !== undefined && { step }) }) as NonNullable<RunSummary['error']>;

const cancelled = { stop: { cause: 'cancelled', at: 1, by: 'Kim' } } as const;
const deadline = { stop: { cause: 'deadline', at: 1 } } as const;
const branchFailed = { stop: { cause: 'branch_failed', at: 1, stage: 'weather' } } as const;
const quorum = { stop: { cause: 'quorum', at: 1 } } as const;

const step = (name: string, state: TimelineEntry['state'], code?: Entry['code']): Entry => ({
  ...{ name, kind: 'step', state },
  ...(code && { code }),
});
const undo = (name: string): Entry => ({ name: `${name}.undo`, kind: 'undo', state: 'completed' });
const route = (state: TimelineEntry['state']): Entry => ({ name: 'billing', kind: 'route', state });
const person = (state: TimelineEntry['state']): Entry => ({ name: 'escalation', kind: 'escalation', state });
const ended = (counts: Partial<StageCounts>) => stagesOf([], counts);

const sentenceOf = (run: Said, stages: KnownStages | undefined, shape: WorkflowShape | undefined) =>
  outcomeOf({ id: 'r', workflow: 'w', input: {}, createdAt: 0, ...run }, stages, shape).sentence;

type Row = readonly [run: Said, stages: KnownStages | undefined, sentence: string];

describe('what became of a fan-out', () => {
  it.each<Row>([
    [{ status: 'queued' }, ended({ waiting: 3 }), 'Accepted. Nothing of it has begun yet.'],
    [{ status: 'queued', ...cancelled }, ended({ waiting: 3 }), 'Cancelled by Kim. It is being ended.'],
    [
      { status: 'running' },
      ended({ completed: 1_200, failed: 30, waiting: 70, skipped: 5 }),
      '1,230 of 1,300 branches have ended.',
    ],
    [{ status: 'running', ...cancelled }, ended({ running: 3 }), 'Cancelled by Kim. What runs is being ended.'],
    [{ status: 'running', ...deadline }, ended({ running: 3 }), 'Its deadline passed. What runs is being ended.'],
    [
      { status: 'running', ...branchFailed },
      ended({ running: 3 }),
      '“Weather” failed, and so the others are stopped. What runs is being ended.',
    ],
    [
      { status: 'running', ...quorum },
      ended({ running: 3 }),
      'Enough branches have ended to decide it. What runs is being ended.',
    ],
    [{ status: 'completed' }, ended({ completed: 50 }), 'All 50 branches completed.'],
    [{ status: 'completed' }, ended({ completed: 1 }), 'Its one branch completed.'],
    [{ status: 'completed' }, ended({ completed: 2, skipped: 1 }), 'All 2 branches completed. One was not needed.'],
    [{ status: 'completed' }, ended({ skipped: 4 }), 'No branch was needed.'],
    [{ status: 'completed' }, ended({}), 'There was nothing to do.'],
    // What was read before the last branch ended says nothing of the end.
    [{ status: 'completed' }, ended({ completed: 57, running: 3 }), 'Completed.'],
    [
      { status: 'completed', ...quorum },
      ended({ completed: 2, failed: 1 }),
      '2 of 3 branches completed, which was enough.',
    ],
    [{ status: 'completed', ...deadline }, ended({ completed: 3 }), 'All 3 branches completed.'],
    [
      { status: 'partial' },
      ended({ completed: 4, failed: 1 }),
      'Done in part: 4 of 5 branches completed, and what they found is kept.',
    ],
    [{ status: 'partial' }, ended({ completed: 4, running: 1 }), 'Done in part.'],
    [
      { status: 'partial', ...deadline },
      ended({ completed: 4, failed: 1, waiting: 5 }),
      'Its deadline passed: 4 of 10 branches had completed, and what they found is kept.',
    ],
    [
      { status: 'partial', ...deadline },
      ended({ completed: 4, waiting: 6 }),
      'Its deadline passed: 4 of 10 branches had completed, and what they found is kept.',
    ],
    [{ status: 'failed', error: error('ALL_BRANCHES_FAILED') }, ended({ failed: 3 }), 'All 3 branches failed.'],
    [
      { status: 'failed', error: error('ALL_BRANCHES_FAILED') },
      ended({ failed: 2, running: 1 }),
      'All of its branches failed.',
    ],
    [
      { status: 'failed', error: error('TOOL_FAILED', 'weather'), ...branchFailed },
      ended({ failed: 1, waiting: 2 }),
      '“Weather” failed, and so the others were stopped.',
    ],
    [
      { status: 'failed', error: error('QUORUM_NOT_MET'), ...quorum },
      ended({ failed: 2, waiting: 1 }),
      'Too few of its branches completed.',
    ],
    [
      { status: 'failed', error: error('DEADLINE_EXCEEDED'), ...deadline },
      ended({ waiting: 3 }),
      'Its deadline passed before any branch had completed.',
    ],
    [{ status: 'failed', error: error('INVALID_DEFINITION') }, ended({ completed: 3 }), 'Failed.'],
    [
      { status: 'cancelled', error: error('CANCELLED'), ...cancelled },
      ended({ completed: 25, waiting: 175 }),
      'Cancelled by Kim.',
    ],
    [{ status: 'cancelled', stop: { cause: 'cancelled', at: 1 } }, ended({}), 'Cancelled.'],
  ])('%j', (run, stages, sentence) => {
    expect(sentenceOf(run, stages, fan())).toBe(sentence);
  });

  it('by the policy of its shape, where it had not to be stopped', () => {
    const two = ended({ completed: 2, failed: 1 });
    expect(sentenceOf({ status: 'completed' }, two, fan({ quorum: 2 }))).toBe(
      '2 of 3 branches completed; 2 were enough.',
    );
  });
});

describe('what became of a routed run', () => {
  it.each<Row>([
    [{ status: 'running' }, stagesOf([]), 'In progress.'],
    [{ status: 'running', decision }, stagesOf([]), 'Decided for “Billing”.'],
    [{ status: 'running', decision }, stagesOf([route('waiting')]), 'Decided for “Billing”, which has not begun.'],
    [{ status: 'running', decision }, stagesOf([route('running')]), 'Being answered by “Billing”.'],
    [
      { status: 'running', decision },
      stagesOf([route('running'), person('running')]),
      'Being answered by “Billing”, and handed to a person.',
    ],
    [{ status: 'running', decision }, stagesOf([route('completed'), person('waiting')]), 'Being handed to a person.'],
    [
      { status: 'running', decision, ...deadline },
      stagesOf([route('running')]),
      'Its deadline passed. What runs is being ended.',
    ],
    [{ status: 'completed', decision }, stagesOf([route('completed')]), 'Answered by “Billing”.'],
    [
      { status: 'completed', decision: { ...decision, escalatedFor: 'angry' } },
      stagesOf([route('completed'), person('completed')]),
      'Answered by “Billing”, and handed to a person.',
    ],
    [
      { status: 'completed', decision: { ...decision, escalate: 'angry', escalatedFor: 'angry' } },
      stagesOf([person('completed')]),
      'Handed straight to a person.',
    ],
    // The definition has nobody to hand it to.
    [
      { status: 'completed', decision: { ...decision, escalate: 'angry' } },
      stagesOf([route('completed')]),
      'Answered by “Billing”.',
    ],
    [{ status: 'partial', decision }, stagesOf([route('failed')]), 'Done in part: a stand-in answered for “Billing”.'],
    [
      { status: 'partial', decision },
      stagesOf([route('failed'), person('completed')]),
      'Done in part: a stand-in answered for “Billing”, and it was handed to a person.',
    ],
    [{ status: 'partial', decision }, stagesOf([route('completed')]), 'Done in part: “Billing” answered in part.'],
    [
      { status: 'partial', decision },
      stagesOf([route('completed'), person('failed')]),
      'Done in part: it could not be handed to a person.',
    ],
    [
      { status: 'partial', decision, ...deadline },
      stagesOf([route('completed')]),
      'Its deadline passed: “Billing” had answered.',
    ],
    [
      { status: 'partial', decision, ...deadline },
      stagesOf([route('failed'), person('completed')]),
      'Its deadline passed: it had been handed to a person.',
    ],
    [
      { status: 'failed', decision, error: error('DEADLINE_EXCEEDED'), ...deadline },
      stagesOf([route('failed')]),
      'Its deadline passed before there was an answer.',
    ],
    [
      { status: 'failed', decision, error: error('TOOL_FAILED', 'billing') },
      stagesOf([route('failed')]),
      'Failed at “Billing”.',
    ],
    [{ status: 'failed', error: error('INVALID_DEFINITION') }, stagesOf([]), 'Failed.'],
    [{ status: 'cancelled', decision, ...cancelled }, stagesOf([route('failed')]), 'Cancelled by Kim.'],
  ])('%j', (run, stages, sentence) => {
    expect(sentenceOf(run, stages, router)).toBe(sentence);
  });
});

const back = [step('pay', 'completed'), step('pack', 'failed', 'TOOL_FAILED')];
const cut = [step('pay', 'completed'), step('pack', 'failed', 'CANCELLED')];
const asks = (about: string, status: NonNullable<RunSummary['questions']>[number]['status']) => ({
  questions: [{ about, status, answers: [] }],
});

describe('what became of a saga', () => {
  it.each<Row>([
    [
      { status: 'running' },
      stagesOf([step('pay', 'completed'), step('pack', 'running'), step('ship', 'waiting')]),
      'At “Pack”, step 2 of 3.',
    ],
    [
      { status: 'running' },
      stagesOf([step('pay', 'completed'), step('pack', 'waiting'), step('ship', 'waiting')]),
      '1 of 3 steps is done; “Pack” has not begun.',
    ],
    [
      { status: 'running', ...cancelled },
      stagesOf([step('pay', 'running')]),
      'Cancelled by Kim. What runs is being ended.',
    ],
    [
      { status: 'compensating' },
      stagesOf(back),
      'It failed at “Pack”. What can be undone is being undone, last first.',
    ],
    [
      { status: 'compensating', ...cancelled },
      stagesOf(cut),
      'Cancelled by Kim. What can be undone is being undone, last first.',
    ],
    [
      { status: 'compensating', ...deadline },
      stagesOf(cut),
      'Its deadline passed. What can be undone is being undone, last first.',
    ],
    // It had failed before somebody cancelled it.
    [
      { status: 'compensating', ...cancelled },
      stagesOf(back),
      'It failed at “Pack”. What can be undone is being undone, last first.',
    ],
    [
      { status: 'completed' },
      stagesOf([step('pay', 'completed'), step('pack', 'completed'), step('ship', 'completed')]),
      'All 3 steps are done.',
    ],
    [
      { status: 'compensated', error: error('TOOL_FAILED', 'pack') },
      stagesOf([...back, undo('pack'), undo('pay')]),
      'It failed at “Pack”. What can be undone was undone, last first: 2 undos.',
    ],
    [
      { status: 'compensated', error: error('CANCELLED'), ...cancelled },
      stagesOf([...cut, undo('pay')]),
      'Cancelled by Kim. What can be undone was undone: 1 undo.',
    ],
    [
      { status: 'compensated', error: error('DEADLINE_EXCEEDED'), ...deadline },
      stagesOf([...cut, undo('pay')]),
      'Its deadline passed. What can be undone was undone: 1 undo.',
    ],
    [
      { status: 'compensated', error: error('TOOL_FAILED', 'pack'), ...cancelled },
      stagesOf([...back, undo('pay')]),
      'It failed at “Pack”. What can be undone was undone: 1 undo.',
    ],
    [
      { status: 'failed', error: error('TOOL_FAILED', 'pay') },
      stagesOf([step('pay', 'failed', 'TOOL_FAILED')]),
      'Failed at “Pay”.',
    ],
    [{ status: 'failed', error: error('DEADLINE_EXCEEDED'), ...deadline }, stagesOf([]), 'Its deadline passed.'],
    [
      { status: 'failed', error: error('CANCELLED'), ...cancelled, notUndone: ['pay'] },
      stagesOf(cut),
      'Cancelled by Kim. Not undone: Pay.',
    ],
    [
      {
        status: 'failed',
        error: error('TOOL_FAILED', 'pack'),
        notUndone: ['pay'],
        words: [{ command: 'abandon', at: 1, by: 'Kim' }],
      },
      stagesOf(back),
      'Abandoned by Kim. Not undone: Pay.',
    ],
    [{ status: 'failed', error: error('INTERNAL', '~root') }, stagesOf(back), 'Failed.'],
    [{ status: 'cancelled', error: error('CANCELLED'), ...cancelled }, stagesOf([]), 'Cancelled by Kim.'],
    [
      { status: 'in_doubt', ...asks('pack', 'in_doubt') },
      stagesOf(back),
      'Nobody can tell whether “Pack” happened. A person must look.',
    ],
    [
      { status: 'in_doubt', ...asks('pack', 'in_doubt'), ...cancelled },
      stagesOf(cut),
      'Cancelled by Kim. Nobody can tell whether “Pack” happened. A person must look.',
    ],
    [
      { status: 'step_stuck', ...asks('ship', 'step_stuck') },
      stagesOf(back),
      '“Ship” cannot be done, and it is too late to undo. A person must say how to go on.',
    ],
    [
      { status: 'step_stuck', ...asks('~root', 'step_stuck') },
      stagesOf(back),
      'Its result cannot be made, and it is too late to undo. A person must say how to go on.',
    ],
    [
      { status: 'compensation_stuck', ...asks('pay.undo', 'compensation_stuck') },
      stagesOf(back),
      'It failed at “Pack”. “Pay” could not be undone. A person must say how to go on.',
    ],
    [
      {
        status: 'compensation_stuck',
        ...asks('pay.undo', 'compensation_stuck'),
        error: error('TOOL_FAILED', 'pay.undo'),
        ...cancelled,
      },
      stagesOf(cut),
      'Cancelled by Kim. “Pay” could not be undone. A person must say how to go on.',
    ],
    [
      { status: 'waiting_approval', ...asks('four_eyes', 'waiting_approval') },
      stagesOf([]),
      'Waiting for a person to approve “Four eyes”.',
    ],
    [
      {
        status: 'waiting_approval',
        questions: ['a', 'b', 'c'].flatMap((about) => asks(about, 'waiting_approval').questions),
      },
      stagesOf([]),
      'Waiting for a person to approve “A” and 2 more.',
    ],
    [
      { status: 'waiting_approval', ...asks('four_eyes', 'waiting_approval'), ...deadline },
      stagesOf([]),
      'Its deadline passed. What runs is being ended.',
    ],
  ])('%j', (run, stages, sentence) => {
    expect(sentenceOf(run, stages, saga)).toBe(sentence);
  });

  it('a signal is awaited from outside, and of more steps than are here none is counted', () => {
    const steps = [{ ...stage('paid'), pivot: false, waits: 'signal' as const }];
    const entries = stagesOf([step('paid', 'waiting')]);
    expect(sentenceOf({ status: 'running' }, entries, { pattern: 'saga', steps })).toBe(
      'Waiting for “Paid” from outside, step 1 of 1.',
    );
    const some = stagesOf([step('pay', 'completed')], { completed: 3 });
    expect(sentenceOf({ status: 'completed' }, some, saga)).toBe('All 3 steps are done.');
    expect(sentenceOf({ status: 'running' }, some, saga)).toBe('In progress.');
  });
});

describe('while the stages are not known', () => {
  it.each<readonly [Said, WorkflowShape | undefined, string]>([
    [{ status: 'running' }, fan(), 'In progress.'],
    [{ status: 'completed' }, fan(), 'Completed.'],
    [{ status: 'completed', ...quorum }, fan(), 'Enough of its branches completed.'],
    [{ status: 'partial' }, fan(), 'Done in part.'],
    [{ status: 'partial', ...deadline }, fan(), 'Its deadline passed. What had been done by then is kept.'],
    [{ status: 'failed', error: error('ALL_BRANCHES_FAILED') }, fan(), 'All of its branches failed.'],
    [{ status: 'running', decision }, router, 'Decided for “Billing”.'],
    [{ status: 'completed', decision }, router, 'Answered by “Billing”.'],
    [{ status: 'completed', decision: { ...decision, escalate: 'x' } }, router, 'Completed.'],
    [{ status: 'partial', decision }, router, 'Done in part.'],
    [{ status: 'partial', decision, ...deadline }, router, 'Its deadline passed. What had been done by then is kept.'],
    [{ status: 'completed' }, saga, 'All 3 steps are done.'],
    [{ status: 'compensating' }, saga, 'It failed. What can be undone is being undone, last first.'],
    [
      { status: 'compensating', ...cancelled },
      saga,
      'Cancelled by Kim. What can be undone is being undone, last first.',
    ],
    [
      { status: 'compensated', error: error('TOOL_FAILED', 'pack') },
      saga,
      'It failed at “Pack”. What can be undone was undone.',
    ],
    [{ status: 'running' }, undefined, 'In progress.'],
    [{ status: 'completed' }, undefined, 'Completed.'],
    [{ status: 'failed', error: error('TOOL_FAILED', 'x') }, undefined, 'Failed at “X”.'],
  ])('%j', (run, shape, sentence) => {
    expect(sentenceOf(run, undefined, shape)).toBe(sentence);
  });

  it('nor the workflow: stages without their definition all count as steps, and are not counted', () => {
    const unordered = stagesOf([step('item.1', 'completed'), step('item.2', 'completed')]);
    expect(sentenceOf({ status: 'completed' }, unordered, undefined)).toBe('Completed.');
    expect(sentenceOf({ status: 'running' }, unordered, undefined)).toBe('In progress.');
  });

  it('an error is told in its own words', () => {
    const run = {
      id: 'r',
      workflow: 'w',
      input: {},
      createdAt: 0,
      status: 'failed',
      error: error('TOOL_FAILED'),
    } as const;
    expect(outcomeOf(run, undefined, undefined).because).toBe('why');
  });
});
