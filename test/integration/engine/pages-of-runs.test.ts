/** A page of a fan-out, read without the rest of it, says what the whole document says, whatever its branches wait for. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Run } from '../../../src/index.js';
import { approval, defineFanOut, defineSaga, signal as signalTask, workflowTask } from '../../../src/index.js';
import type { StageState } from '../../../src/orchestrators/timeline-page.js';
import { useWorkingEngine } from '../../support/engine.js';
import { anyInput, task } from '../../support/workflows.js';

/** As many as a page looks up the starts of; a page of more leaves those of the others out. */
const BRANCHES = 10;
const STATES = ['waiting', 'running', 'completed', 'failed', 'skipped'] as const satisfies StageState[];

const listOf = (name: string, each: Parameters<typeof defineFanOut>[0]['each']) =>
  defineFanOut({
    name,
    input: anyInput,
    each,
    split: () => Array.from({ length: BRANCHES }, (_, at) => ({ question: `item ${at}?` })),
    aggregate: (results: readonly unknown[]) => results.length,
  } as never);

/** The pages, whole and state by state, against the document; returns the counts. */
async function pagesOf(run: Run<unknown>) {
  const [first, second] = [await run.page({ limit: 5 }), await run.page({ after: 5, limit: 500 })];
  const document = await run.describe();
  const whole = document.timeline.map((entry, index) => ({ index, ...entry }));
  expect([...first.entries, ...second.entries]).toEqual(whole);
  for (const state of STATES) {
    const { entries } = await run.page({ state, limit: 500 });
    expect([state, entries]).toEqual([state, whole.filter((entry) => entry.state === state)]);
    expect([state, first.counts[state]]).toEqual([state, entries.length]);
  }
  const { timeline: _, ...summary } = document;
  expect(await run.summary()).toEqual(summary);
  const progress = await run.progress();
  expect([progress.status, progress.page.counts]).toEqual([document.status, first.counts]);
  return { ...first.counts, status: document.status };
}

test('branches that wait for signals: those that have come are completed', async () => {
  const workflow = listOf('signalled', signalTask({ name: 'told', output: z.string() }));
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, {});
  await expect.poll(async () => (await run.describe()).status).toBe('running');
  for (const { name } of (await run.describe()).timeline.slice(3, 6)) await run.signal(name, 'yes');
  expect(await pagesOf(run)).toMatchObject({ status: 'running', waiting: BRANCHES - 3, completed: 3 });
});

test('branches that ask a person: a yes is completed, a no has failed', async () => {
  const workflow = listOf('asking', approval());
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, {});
  await expect.poll(async () => (await run.describe()).status).toBe('waiting_approval');
  const names = (await run.describe()).timeline.map(({ name }) => name);
  for (const stage of names.slice(0, 2)) await run.approve({ stage });
  await run.reject({ stage: names.at(-1) ?? '' });
  expect(await pagesOf(run)).toMatchObject({
    status: 'waiting_approval',
    waiting: BRANCHES - 3,
    completed: 2,
    failed: 1,
  });
});

test('branches that are runs: they are under way while these are, and name them', async () => {
  const inner = defineSaga({ name: 'inner', input: anyInput })
    .step('told', signalTask({ name: 'told', output: z.string() }), { with: () => ({}) })
    .returns((done) => done.told);
  const workflow = listOf('outer', workflowTask(inner));
  const { sy } = await useWorkingEngine([workflow, inner]);
  const run = await sy.start(workflow, {});
  const runsOf = async () => (await run.page({ limit: 500 })).entries.flatMap((entry) => entry.run ?? []);
  await expect.poll(async () => (await runsOf()).length).toBe(BRANCHES);
  const [first = ''] = await runsOf();
  await sy.run(first).signal('told', 'yes');
  await expect.poll(async () => (await run.page({ limit: 0 })).counts.completed).toBe(1);
  // Each of the others sleeps as soon as its run is started.
  await expect.poll(async () => (await run.page({ limit: 0 })).counts.running).toBe(BRANCHES - 1);
  expect(await pagesOf(run)).toMatchObject({ status: 'running', running: BRANCHES - 1, completed: 1 });
});

test('branches that have failed once and wait for their next attempt: the run has begun', async () => {
  const failing = task('down', () => Promise.reject(new Error('the service is down')), {
    attempts: 3,
    backoff: { initial: '10m' },
  });
  const workflow = listOf('tried', failing);
  const { sy } = await useWorkingEngine([workflow]);
  const run = await sy.start(workflow, {});
  const attempts = async () => (await run.describe()).timeline.flatMap((entry) => entry.attempts).length;
  await expect.poll(attempts).toBe(BRANCHES);
  await expect.poll(async () => (await run.page({ limit: 0 })).counts.waiting).toBe(BRANCHES);
  expect(await pagesOf(run)).toMatchObject({ status: 'running', waiting: BRANCHES, running: 0 });
});
