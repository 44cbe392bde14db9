/** Watching runs as server-sent events: told in time, told again after a break, by one poller however many watch. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Switchyard } from '../../../src/engine/engine.js';
import { defineSaga } from '../../../src/orchestrators/saga.js';
import { approval } from '../../../src/wait-task.js';
import { openApi, type TestApi } from '../../support/api.js';
import { openEvents } from '../../support/event-source.js';
import { anyInput, task } from '../../support/workflows.js';

const walk = defineSaga({ name: 'walk', input: anyInput })
  .step(
    'left',
    task('left', () => 'l', { idempotent: true }),
    { with: () => null },
  )
  .step('ask', approval(), { with: () => ({ question: 'on?' }) })
  .step(
    'right',
    task('right', () => 'r', { idempotent: true }),
    { with: () => null },
  )
  .returns((done) => done.right);

let api: TestApi;
/** How often anybody was looked at for its watchers. */
let looked = 0;
beforeAll(async () => {
  const counting = (sy: Switchyard): Switchyard => ({
    ...sy,
    run(id) {
      const run = sy.run(id);
      return {
        ...run,
        progress() {
          looked += 1;
          return run.progress();
        },
      };
    },
  });
  api = await openApi([walk], { wrap: counting });
});
afterAll(() => api.close());

const Event = z.object({
  status: z.string(),
  counts: z.looseObject({ completed: z.number() }),
  entries: z.array(z.looseObject({ name: z.string(), state: z.string() })),
});

async function waiting() {
  const run = await api.sy.start(walk, {});
  expect(await run.wait('10s')).toMatchObject({ status: 'waiting_approval' });
  return run;
}

describe('a run', () => {
  test('is told as it stands, then what changes, until it ends', async () => {
    const run = await waiting();
    const events = await openEvents(`${api.url}/v1/runs/${run.id}/events`);
    expect(events.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const first = Event.parse((await events.next('run')).data);
    expect(first).toMatchObject({
      status: 'waiting_approval',
      entries: [{ name: 'left', state: 'completed' }, { name: 'ask' }],
    });
    await run.approve();
    const names = new Set<string>();
    for (let status = first.status; status !== 'completed'; ) {
      const event = Event.parse((await events.next('run')).data);
      for (const { name } of event.entries) names.add(name);
      status = event.status;
    }
    // What had ended before is not told again.
    expect([...names].sort()).toEqual(['ask', 'right']);
    expect((await events.next('end')).data).toEqual({ status: 'completed' });
    expect(await events.ended).toBe('ended');
  });

  test('is told what has changed to one who comes back, all of it where the state is not known, nothing where it is the same', async () => {
    const run = await waiting();
    const url = `${api.url}/v1/runs/${run.id}/events`;
    const [staying, leaving] = [await openEvents(url), await openEvents(url)];
    await staying.next('run');
    const { id = '' } = await leaving.next('run');
    leaving.close();
    await run.approve();
    expect(await run.wait('10s')).toMatchObject({ status: 'completed' });
    await staying.next('end');
    // The poller ended with the run: another one does not know what was told.
    const stranger = await openEvents(url, { 'last-event-id': id });
    expect(Event.parse((await stranger.next('run')).data).entries.map(({ name }) => name)).toEqual([
      'left',
      'ask',
      'right',
    ]);

    const other = await waiting();
    const place = `${api.url}/v1/runs/${other.id}/events`;
    const here = await openEvents(place);
    const before = (await here.next('run')).id ?? '';
    const same = await openEvents(place, { 'last-event-id': before });
    await other.cancel();
    const back = Event.parse((await same.next('run')).data);
    expect(back.entries.map(({ name }) => name)).not.toContain('left');
    const late = await openEvents(place, { 'last-event-id': before });
    await late.next('end');
    for (const stream of [here, same, late, stranger]) stream.close();
  });

  test('has one poller, however many watch; and none when they have left', async () => {
    const run = await waiting();
    const url = `${api.url}/v1/runs/${run.id}/events`;
    const watchers = await Promise.all(Array.from({ length: 20 }, () => openEvents(url)));
    await Promise.all(watchers.map((watcher) => watcher.next('run')));
    expect(api.watched()).toEqual([run.id]);
    const [looks, begun] = [looked, Date.now()];
    await expect.poll(() => looked - looks, { timeout: 10_000, interval: 20 }).toBeGreaterThanOrEqual(4);
    // Twice a second. Twenty pollers would have looked four times within a tenth of one.
    expect(Date.now() - begun).toBeGreaterThan(1_400);
    for (const watcher of watchers) watcher.close();
    await expect.poll(() => api.watched(), { timeout: 5_000 }).toEqual([]);
  });
});

test('whoever asks for the headers alone has them, and leaves nothing behind that goes on', async () => {
  const run = await waiting();
  for (const path of ['/v1/events', `/v1/runs/${run.id}/events`]) {
    const { status, headers } = await fetch(`${api.url}${path}`, { method: 'HEAD' });
    expect([path, status, headers.get('content-type')]).toEqual([path, 200, expect.stringContaining('event-stream')]);
  }
  expect((await fetch(`${api.url}/v1/runs/nobody/events`, { method: 'HEAD' })).status).toBe(404);
  await expect.poll(() => api.watched()).toEqual([]);
});

test('the list of runs is told with its counts each time it changes', async () => {
  const events = await openEvents(`${api.url}/v1/events`);
  await events.next('runs');
  const run = await waiting();
  const seen = z.object({
    counts: z.object({ walk: z.looseObject({ attention: z.number() }) }),
    runs: z.array(z.looseObject({ id: z.string() })),
  });
  await expect
    .poll(async () => seen.parse((await events.next('runs')).data).runs.some(({ id }) => id === run.id), {
      timeout: 10_000,
    })
    .toBe(true);
  events.close();
});
