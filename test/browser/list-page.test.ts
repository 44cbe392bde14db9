/** The list of runs, the form and what a run's page says of its end, where things are long, many, late, refused or not ours. */
import type { Page, Route } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { audit } from './audit.js';
import { LIST_WORKFLOWS, LONG } from './list-workflows.js';
import { shoot } from './shots.js';
import type { Stage } from './stage.js';
import { SHOWN_MS, useWindow } from './window.js';

const DOWN = {
  ...{ status: 503, contentType: 'application/problem+json' },
  body: JSON.stringify({ code: 'REDIS_UNAVAILABLE', detail: 'Redis is away' }),
};

const window = useWindow([], LIST_WORKFLOWS);
let stage: Stage;
let page: Page;
let complaints: readonly string[];
beforeEach(() => {
  ({ stage, page, complaints } = window());
});

const open = (path: string) => page.goto(`${stage.url}${path}`);
const shown = (text: string | RegExp) => page.getByText(text).first().waitFor();
const button = (name: string | RegExp) => page.getByRole('button', { name });
const rows = () => page.locator('table.runs td.id');
const status = (label: string) => page.locator('.run-title .badge', { hasText: label }).waitFor();
const eventually = (count: () => Promise<number>) => expect.poll(count, { timeout: SHOWN_MS });
const outcome = (text: string) => page.locator('.outcome p', { hasText: text }).waitFor();

async function checked(name: string): Promise<void> {
  await audit(page);
  await shoot(page, name);
  // What these tests refuse themselves the browser mentions as well.
  expect(complaints.filter((complaint) => !/status of 503/.test(complaint))).toEqual([]);
}

async function listed(query: string): Promise<readonly string[]> {
  const response = await fetch(`${stage.url}/v1/runs?limit=200&${query}`);
  const { runs } = z.object({ runs: z.array(z.object({ id: z.string() })) }).parse(await response.json());
  return runs.map(({ id }) => id);
}

async function say(path: string, body: unknown, method = 'POST'): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${stage.url}${path}`, { method, headers, body: JSON.stringify(body) })).status;
}

async function startMany(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => stage.start(LONG, {})));
}

describe('the list of runs', () => {
  test('has no hole once older runs are shown, counts the new ones, and says when older ones are refused', async () => {
    await startMany(105);
    await open(`/?workflow=${LONG}`);
    await button('Older runs').click();
    await eventually(() => rows().count()).toBe(100);
    const before = await rows().allTextContents();
    await startMany(10);
    await button('10 new runs – show').waitFor();
    expect(await rows().allTextContents()).toEqual(before);
    // They ended after they had been read, also those on the older page.
    await eventually(() => page.locator('table.runs .badge', { hasText: 'In progress' }).count()).toBe(0);
    await page.route(/cursor/, (route) => route.fulfill(DOWN), { times: 1 });
    await button('Older runs').click();
    await page.locator('.run-list').getByRole('alert').getByText('Redis is away').waitFor();
    // It is tried again without anybody's help.
    await eventually(() => rows().count()).toBe(105);
    await page.locator('.run-list').getByRole('alert').waitFor({ state: 'detached' });
    await shoot(page, 'list-standing');
    await button('10 new runs – show').click();
    await eventually(() => rows().count()).toBe(50);
    expect(await rows().allTextContents()).toEqual((await listed(`workflow=${LONG}`)).slice(0, 50));
    await checked('list-long-names');
    await open(`/runs/${before[0]}`);
    await status('Completed');
    await outcome('Its one step is done.');
    await checked('run-long-name');
  });

  test('keeps its rows while somebody types, and goes on where a page came back empty', async () => {
    const id = await stage.start('desk', { text: 'hello' });
    await open('/');
    await rows().first().waitFor();
    const slow = async (route: Route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    };
    await page.route(/text=/, slow);
    await page.getByPlaceholder('Part of an id').fill(id.slice(0, 5));
    await page.locator('.run-list.stale').waitFor();
    expect(await rows().count()).toBeGreaterThan(0);
    await page.locator('.run-list:not(.stale)').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    // Half a tag asks for the same.
    await page.getByPlaceholder(/^Tag/).fill('customer');
    expect(await page.locator('.run-list.stale').count()).toBe(0);
    await page.getByPlaceholder(/^Tag/).fill('');
    let empty = 2;
    await page.route(/text=/, async (route) => {
      const cursor = `${Date.now()}_${id}0`;
      if (empty > 0) await route.fulfill({ json: { runs: [], cursor } });
      else await slow(route);
      empty -= 1;
    });
    await page.getByPlaceholder('Part of an id').fill(id);
    await shown('None found so far; looking on');
    await page.locator('table.runs tbody tr:only-child').getByRole('link', { name: id }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await page.getByPlaceholder('Part of an id').fill('no such run');
    await shown('No run fits this filter');
  });

  test('filters by what is asked, says what is paused, and who was first', async () => {
    expect(await say('/v1/pause', { queue: 'held', by: 'Kim', reason: 'stocktaking' })).toBe(200);
    expect(await say('/v1/pause', { workflow: 'secret' })).toBe(200);
    await open('/?status=compensation_stuck');
    const paused = page.getByRole('region', { name: 'Paused' });
    await paused.getByText('by Kim: stocktaking').waitFor();
    await paused.getByText('Workflow secret begins no runs.').waitFor();
    const chosen = 'document.querySelectorAll(".filters select")[1].selectedOptions[0].textContent';
    expect(await page.evaluate(chosen)).toBe('– compensation stuck');
    await page.getByLabel('Status').selectOption('compensating');
    await shown('No run fits this filter');
    await checked('list-paused');
    expect(await say('/v1/unpause', { queue: 'held' })).toBe(200);
    expect(await say('/v1/unpause', { workflow: 'secret' })).toBe(200);
  });

  test('comes by itself after a first answer that was lost, and stands beside one that is no API', async () => {
    await page.route('**/v1/workflows', (route) => route.abort(), { times: 1 });
    await page.route('**/v1/counts', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<html>log in</html>' }),
    );
    await open('/');
    await page.getByRole('alert').getByText('What answered is not the API').waitFor();
    await rows().first().waitFor();
    await page.locator('.card').first().waitFor();
    await page.unroute('**/v1/counts');
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

describe('the form', () => {
  test('starts one run, though the answer to the first press was lost, and leads to whatever was refused', async () => {
    const before = (await listed('workflow=desk')).length;
    await open('/start/desk');
    await page.getByLabel('Text').fill('a refund');
    await page.getByLabel('Idempotency key').fill('k'.repeat(1_000));
    await button('Start desk').click();
    await page.getByRole('link', { name: 'Idempotency key' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('run.key');
    await checked('start-refused-key');
    await page.getByLabel('Idempotency key').fill('');
    await page.route(
      '**/v1/runs?*',
      async (route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await button('Start desk').click();
    await shown('The server does not answer');
    await button('Start desk').click();
    await page.waitForURL(/\/runs\/desk-/);
    expect((await listed('workflow=desk')).length).toBe(before + 1);
  });
});

describe("a run's page", () => {
  test("draws any router's evidence, and keeps no SLA that nobody answered", async () => {
    await open(`/runs/${await stage.start('desk', { text: 'urgent, broken refund' })}`);
    await status('Failed');
    await outcome('Failed at “Billing”.');
    const way = page.locator('.way');
    await way.getByText('the customer asks for money back').waitFor();
    await way.getByText(/^ended without an answer after/).waitFor();
    await way.getByText('Nobody was asked').waitFor();
    await way.getByText('More of its evidence').click();
    await way.getByText('"m-1"').waitFor();
    expect(await way.innerText()).not.toMatch(/matched|urgency|kept/i);
    await checked('way-of-any-router');
    await open(`/runs/${await stage.start('desk', { text: 'urgent refund' })}`);
    await outcome('Answered by “Billing”.');
    await shown(/^kept: answered after/);
  });

  test('says what became of it by what stopped it', async () => {
    await open(`/runs/${await stage.start('quorum', {})}`);
    await status('Completed');
    await outcome('2 of 3 branches completed; 2 were enough.');
    const id = await stage.start('packed', {});
    await open(`/runs/${id}`);
    await page.locator('.rung-mark.running').nth(0).waitFor();
    await outcome('At “Packing”, step 2 of 2.');
    expect(await say(`/v1/runs/${id}/cancel`, { by: 'Kim' })).toBe(200);
    await status('Compensated');
    await outcome('Cancelled by Kim. What can be undone was undone: 1 undo.');
    // Nothing is told of a run that has ended: what others do to it is seen when somebody looks again.
    expect(await say(`/v1/runs/${id}`, {}, 'DELETE')).toBe(200);
    await page.evaluate('dispatchEvent(new Event("blur")), dispatchEvent(new Event("focus"))');
    await page.getByRole('alert').waitFor();
  });

  test('says which half of a payload is shown, and whether its callback was told', async () => {
    const id = await stage.start('secret', { password: 'hunter2', patient: 'Ada' });
    await page.route(`**/v1/runs/${id}?*`, async (route) => {
      const response = await route.fetch();
      const callback = {
        url: 'https://hooks.example.com/x',
        state: 'failed',
        attempts: 8,
        at: Date.now(),
        error: '503',
      };
      await route.fulfill({ response, json: { ...(await response.json()), callback } });
    });
    await open(`/runs/${id}`);
    await status('Completed');
    await page.locator('.callback').getByText('Not told: given up after 8 attempts').waitFor();
    await button('Show input').click();
    await shown('The fields and their sizes.');
    await button('Show the values too').click();
    await shown('The values, without those of fields that name a secret.');
    await page.locator('.payload pre', { hasText: 'Ada' }).waitFor();
    expect(await page.locator('.payload pre').first().innerText()).not.toContain('hunter2');
    expect(await button('Show the values too').count()).toBe(0);
    await checked('payload-revealed');
  });
});
