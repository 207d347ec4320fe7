/** Tests of the explorer page (examples/explorer): built, served as static files, opened in Chromium. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { buildExplorer } from '../../examples/explorer/build.js';
import { serveFolder } from '../../examples/explorer/serve.js';
import { type ExplorerTest, explorerTests } from './explorer-tests.js';
import type { PageReport } from './in-page.js';

/** Window sizes. */
export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** The argument of a test. */
export interface Explorer {
  /** Opens the page in a new window, at the part of the address after #. */
  open(hash: string, size?: keyof typeof SIZES): Promise<Page>;
  /** Saves a picture of the window, if a folder was given. */
  picture(page: Page, name: string): Promise<void>;
}

/** Builds the page, runs all tests and reports each. @param pictures - a folder for pictures of the page; none by default */
export async function testExplorer(
  browser: Browser,
  report: (report: PageReport) => void,
  pictures?: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-explorer-'));
  try {
    await buildExplorer(join(folder, 'some/where')); // not at the top: the page may be put at any path
    const { server, address } = await serveFolder(folder, 0);
    for (const [name, test] of Object.entries(explorerTests)) {
      const start = performance.now();
      const outcome = await runTest(browser, new URL('some/where/', address).href, test, pictures);
      report({ name, milliseconds: performance.now() - start, ...outcome });
    }
    server.close();
    server.closeAllConnections();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs one test. It fails if the page throws, writes an error to its console, or fails to load a file. */
async function runTest(
  browser: Browser,
  address: string,
  test: ExplorerTest,
  pictures: string | undefined,
): Promise<Pick<PageReport, 'error' | 'note'>> {
  const errors: string[] = [];
  const contexts: BrowserContext[] = [];
  const explorer: Explorer = {
    async open(hash, size = 'desktop') {
      const context = await browser.newContext({ viewport: SIZES[size], hasTouch: size === 'phone' });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      listen(page, errors);
      await page.goto(`${address}#${hash}`);
      await page.waitForSelector('body[data-ready]');
      return page;
    },
    async picture(page, name) {
      if (pictures === undefined) return;
      await mkdir(pictures, { recursive: true });
      await page.screenshot({ path: join(pictures, `${name}.png`) });
    },
  };
  let note: unknown;
  try {
    note = await test(explorer);
  } catch (error) {
    errors.unshift(stripVTControlCharacters((error as Error).message));
  }
  for (const context of contexts) await context.close();
  return {
    ...(typeof note === 'string' && { note }),
    ...(errors.length > 0 && { error: errors.join('\n') }),
  };
}

function listen(page: Page, errors: string[]): void {
  page.on('pageerror', (error) => errors.push(`the page threw: ${error.stack ?? error.message}`));
  page.on('requestfailed', (request) => errors.push(`${request.url()} could not be loaded`));
  page.on('response', (response) => {
    if (response.status() >= 400) errors.push(`${response.url()}: ${response.status()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`an error on the console: ${message.text()}`);
  });
}
