/** A real browser: CHROMIUM_PATH, or a Chromium on the PATH. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

export async function launchChromium(): Promise<Browser> {
  // The sandbox needs rights that containers and root do not have; the only pages opened are our own.
  return await chromium.launch({ executablePath: chromiumPath(), chromiumSandbox: false });
}

function chromiumPath(): string {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (found) return found;
  throw new Error('There is no Chromium: `apt-get install chromium`, or set CHROMIUM_PATH to a browser that is there.');
}
