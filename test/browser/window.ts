/** A stage and a browser for a file of tests, and a fresh window of it for each of them. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, onTestFinished, vi } from 'vitest';
import type { FaultRule } from '../../src/servers/fault-rules.js';
import { complaintsOf } from './audit.js';
import { launchChromium } from './chromium.js';
import { openStage, type Stage } from './stage.js';

/** A page is given this long to show what happened on the server. */
export const SHOWN_MS = 15_000;

export interface Window {
  readonly stage: Stage;
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser has complained of so far. */
  readonly complaints: readonly string[];
}

/** @returns what is open now; to be asked within a test */
export function useWindow(faults: readonly Partial<FaultRule>[], workflows?: string): () => Window {
  // A step is a page that is opened, looked at by axe in two colours, and measured at two widths.
  vi.setConfig({ testTimeout: 60_000 });
  let opened: Pick<Window, 'stage' | 'browser'>;
  let window: Window;
  beforeAll(async () => {
    const [stage, browser] = await Promise.all([openStage(faults, workflows), launchChromium()]);
    opened = { stage, browser };
  }, 60_000);
  afterAll(async () => {
    await opened?.browser.close();
    await opened?.stage.close();
  }, 30_000);
  beforeEach(async () => {
    const viewport = { width: 1440, height: 900 };
    const context = await opened.browser.newContext({ viewport, reducedMotion: 'reduce' });
    context.setDefaultTimeout(SHOWN_MS);
    const page = await context.newPage();
    window = { ...opened, context, page, complaints: complaintsOf(page) };
    onTestFinished(async () => {
      await context.close();
    });
  });
  return () => window;
}
