/** The page of a run while it goes on: what it shows when things change under it, and for those who use no mouse. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startTcpProxy } from '../support/faults/tcp-proxy.js';
import { redisUrl } from '../support/redis.js';
import { audit } from './audit.js';
import { RUN_PAGE_WORKFLOWS } from './run-page-workflows.js';
import { shoot } from './shots.js';
import type { Stage } from './stage.js';
import { SHOWN_MS, useWindow } from './window.js';

const window = useWindow([], RUN_PAGE_WORKFLOWS);
let stage: Stage;
let context: BrowserContext;
let page: Page;
let complaints: readonly string[];
beforeEach(() => {
  ({ stage, context, page, complaints } = window());
});

const open = (path: string, at = page) => at.goto(`${stage.url}${path}`);
const status = (label: string, at = page) => at.locator('.run-title .badge', { hasText: label }).waitFor();
const button = (name: string | RegExp, at: Page | Locator = page) => at.getByRole('button', { name });
const dialogOf = (at = page) => at.getByRole('dialog');
const focused = (what: string) => page.evaluate(`document.activeElement.${what}`);
const Run = z.looseObject({
  status: z.string(),
  questions: z.array(z.looseObject({ about: z.string() })).optional(),
  words: z.array(z.looseObject({ command: z.string(), stage: z.string().optional() })).optional(),
});
const readRun = async (id: string) => Run.parse(await (await fetch(`${stage.url}/v1/runs/${id}?timeline=none`)).json());

async function checked(name: string): Promise<void> {
  await audit(page);
  await shoot(page, name);
  expect(complaints).toEqual([]);
}

describe('two people before the same question', () => {
  test('answer it once: the second is told that it is not open any more, and confirms nothing else', async () => {
    const id = await stage.start('two', {});
    const second = await context.newPage();
    for (const at of [page, second]) {
      await open(`/runs/${id}`, at);
      await status('Compensation stuck', at);
      await at.getByText('spring').waitFor();
      await button('Leave it undone', at).click();
      await dialogOf(at)
        .getByLabel(/^Reason/)
        .fill('the newsletter cannot be unsent');
    }
    await button('Leave it undone', dialogOf()).click();
    await dialogOf(second).getByText('This is not open any more').waitFor();
    expect(await dialogOf(second).locator('button[type=submit]').getAttribute('aria-disabled')).toBe('true');
    await dialogOf(second)
      .getByLabel(/^Your name/)
      .press('Enter');
    await expect
      .poll(async () => (await readRun(id)).questions?.[0]?.about, { timeout: SHOWN_MS })
      .toBe('payment.undo');
    await shoot(second, 'dialog-not-open');
    // The button that was pressed is gone with its question, and the focus is at what has become of the run.
    await page.getByText('Payment could not be undone').first().waitFor();
    await expect.poll(() => focused('id')).toBe('outcome');
    await page.getByText('5980').waitFor();
    expect(await page.locator('.cell.undo', { hasText: 'Left standing' }).count()).toBe(1);
    await page.locator('.undo-place', { hasText: 'has no undo' }).first().waitFor();
    await checked('two-stuck');
    expect((await readRun(id)).words).toMatchObject([{ command: 'skip', stage: 'newsletter.undo' }]);
  });

  test('a refusal that comes when its dialog is closed is told on the page', async () => {
    const id = await stage.start('two', {});
    await open(`/runs/${id}`);
    await button('Try the undo again').click();
    await page.route('**/resume?*', async (route) => {
      await page.keyboard.press('Escape');
      await dialogOf().waitFor({ state: 'hidden' });
      const body = { code: 'ILLEGAL_STATE', detail: 'the run has moved on' };
      await route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(body) });
    });
    await button('Try the undo again', dialogOf()).click();
    await page.getByText('“Try the undo again” was not done: the run has moved on').waitFor();
  });
});

test('whoever approves sees what, until when, and what a no undoes; past the pivot nothing offers to cancel', async () => {
  const id = await stage.start('launch', {});
  await open(`/runs/${id}`);
  await page.getByText('Launch now?').waitFor();
  await page.getByText('4 m/s').waitFor();
  await page.getByText(/^in 1 h 59 min/).waitFor();
  await button('Cancel run').waitFor();
  await checked('launch-approval');
  await button('Reject').click();
  await dialogOf().getByText('what it has done so far is undone').waitFor();
  await page.keyboard.press('Escape');
  await button('Approve').click();
  await button('Approve', dialogOf()).click();
  await page.locator('.rung-mark.running').first().waitFor();
  await button('Cancel run').waitFor({ state: 'hidden' });

  const { url } = await stage.serve({ STAGE_READ_ONLY: 'yes' });
  const asking = await stage.start('launch', {});
  await page.goto(`${url}/runs/${asking}`);
  await page.getByText('This server changes nothing').waitFor();
  expect(await page.locator('.actions button').count()).toBe(0);
  await shoot(page, 'read-only');
  await page.goto(`${url}/start/two`);
  await page.getByText('This server starts nothing').waitFor();
  expect(await page.locator('form').count()).toBe(0);
});

/** Every text that this element has had, said aloud by a screen reader. */
const noteTexts = (selector: string) => `(() => {
  window.said = [];
  new MutationObserver(() => {
    const text = document.querySelector('${selector}')?.textContent;
    if (text !== undefined && window.said.at(-1) !== text) window.said.push(text);
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()`;

describe('a wide run', () => {
  test('is shown as it ended, also where nobody looked meanwhile, with answers that are slow or refused', async () => {
    await page.addInitScript(noteTexts('.live'));
    let refusals = 0;
    await page.route('**/timeline?*', async (route) => {
      const response = await route.fetch();
      await new Promise((done) => setTimeout(done, 400));
      const isOver = /"finishedAt":\d+,"entries"/.test(await response.text());
      if (!isOver || refusals >= 2) return await route.fulfill({ response });
      refusals += 1;
      const body = { code: 'REDIS_UNAVAILABLE', detail: 'Redis does not answer' };
      return await route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(body) });
    });
    const id = await stage.start('some', { items: 120 });
    await open(`/runs/${id}`);
    await page.locator('.wide .stage-line').first().waitFor();
    await page.evaluate('document.querySelector(".window").scrollTo(0, 1e9)');
    await page.locator('.wide li[aria-posinset="120"]').waitFor();
    await status('Completed');
    const shown = () => page.locator('.wide .stage-name:not(.good)').count();
    await expect.poll(shown, { timeout: SHOWN_MS }).toBe(0);
    await page.evaluate('document.querySelector(".window").scrollTo(0, 0)');
    await page.locator('.wide li[aria-posinset="1"] .stage-line').waitFor();
    // Rows that were read before the run's end may be as they end: what is read after it is on its way for a while.
    await expect.poll(() => refusals, { timeout: SHOWN_MS }).toBe(2);
    await expect.poll(shown, { timeout: SHOWN_MS }).toBe(0);
    // Its end is the end, and no connection that broke off.
    expect(await page.evaluate('window.said')).not.toContain('Reconnecting…');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('is one stop of the keyboard, says which row is open, and keeps the focus', async () => {
    const id = await stage.start('slow', { items: 300 });
    await page.addInitScript(noteTexts('.run-head [role=status]'));
    await open(`/runs/${id}`);
    await page.locator('.wide li[aria-posinset="1"] .stage-line').waitFor();
    await page
      .getByText(/of 300 branches/)
      .first()
      .waitFor();
    await button(/^All/).focus();
    await page.keyboard.press('Enter');
    const place = () => focused('closest("li")?.getAttribute("aria-posinset")');
    for (let presses = 0; presses < 6 && (await place()) === undefined; presses += 1) await page.keyboard.press('Tab');
    expect(await place()).toBe('1');
    await page.keyboard.press('End');
    await expect.poll(place).toBe('300');
    // Its page was asked for on the way: the row that came in the placeholder's stead has the focus.
    await expect.poll(() => focused('className')).toBe('stage-line');
    await page.keyboard.press('ArrowUp');
    await expect.poll(place).toBe('299');
    await page.keyboard.press('Home');
    await page.keyboard.press('PageDown');
    await expect.poll(place).toBe('19');
    await page.keyboard.press('Enter');
    expect(await focused('getAttribute("aria-expanded")')).toBe('true');
    await page.getByText('Details of item.18 are below the list.').waitFor();
    await button('Cancel run').click();
    await button('Cancel run', dialogOf()).click();
    await status('Cancelled');
    await expect.poll(() => focused('id')).toBe('outcome');
    await button(/^Dropped/).focus();
    await page.keyboard.press('Enter');
    await page.locator('.wide li', { hasText: 'Never ran' }).first().waitFor();
    expect(await focused('textContent')).toContain('Dropped');
    await page.keyboard.press('Tab');
    for (let presses = 0; presses < 6 && (await place()) === undefined; presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await place()).toBe(undefined);
    const said = z.array(z.string()).parse(await page.evaluate('window.said'));
    expect(said.filter((text) => /\d+ of 300/.test(text)).length).toBeLessThanOrEqual(1);
    await checked('slow-cancelled');
  });
});

test('a page does not say that it is live while Redis is away, and is again when it is back', async () => {
  const proxy = await startTcpProxy(Number(new URL(redisUrl()).port));
  onTestFinished(() => proxy.close());
  const { url } = await stage.serve({ REDIS_URL: proxy.url(redisUrl()) });
  const id = await stage.start('launch', {});
  await page.goto(`${url}/runs/${id}`);
  await page.getByText('Live', { exact: true }).waitFor();
  await proxy.refuse();
  await page.locator('.live', { hasText: /reconnecting/i }).waitFor();
  await page.getByRole('alert').waitFor();
  await shoot(page, 'redis-away');
  await proxy.listen();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

test('the page of a run that is not there has a heading, says so, and leads to those that are', async () => {
  await open('/runs/nope');
  await page.getByRole('heading', { level: 1, name: 'Run nope' }).waitFor();
  const note = page.getByRole('alert');
  await note.getByText('There is no such run here').waitFor();
  await audit(page);
  await shoot(page, 'no-run');
  await note.getByRole('link', { name: 'All runs' }).click();
  await page.waitForURL(`${stage.url}/`);
});
