/** What holds for every page, whatever it shows: axe finds nothing, nothing is wider than the window, no rule of the policy is broken. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { z } from 'zod';
import { WIDTHS } from './shots.js';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const Violations = z.array(
  z.object({
    id: z.string(),
    help: z.string(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

/** What makes the page wider than its window, innermost last. */
const BEYOND = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const isBeyond = (element) => element.getBoundingClientRect().right > clientWidth + 0.5;
  return [...document.querySelectorAll('body *')].filter(isBeyond).map((element) => element.outerHTML.slice(0, 120));
})()`;

/** Collects what the browser complains of from now on; a page of ours gives it no cause. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // An answer that refuses something is shown to the person; the browser mentions it as well.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    const { hostname } = new URL(request.url());
    if (hostname !== '127.0.0.1') complaints.push(`asked ${request.url()}`);
  });
  return complaints;
}

export async function audit(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const found: unknown = await page.evaluate(
      `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => JSON.parse(JSON.stringify(violations)))`,
    );
    const told = Violations.parse(found).flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id} (${colorScheme}): ${help}: ${html} ${failureSummary ?? ''}`),
    );
    expect(told).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // The page may not have been laid out anew yet.
    await expect.poll(() => page.evaluate(BEYOND), { message: `${width} px wide` }).toEqual([]);
  }
  if (before) await page.setViewportSize(before);
}
