/** Tests that use a page as a visitor does: each opens pages in windows of its own. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { PageReport } from './in-page.js';

/** Window sizes. */
export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** How a page is opened. */
export interface OpenOptions {
  readonly size?: keyof typeof SIZES;
  readonly colours?: 'light' | 'dark';
}

/** The argument of a test. */
export interface Visitor {
  /** What is tested. */
  readonly address: string;
  /** Opens a page in a new window with an empty profile. @param path - below the address that is tested */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** Saves a picture of the window, if a folder was given. */
  picture(page: Page, name: string): Promise<void>;
}

/** A test passes unless it throws; a returned string is printed beside its name. */
export type VisitorTest = (visitor: Visitor) => Promise<unknown>;

/** Runs tests and reports each. @param pictures - a folder for pictures of the pages; none by default */
export async function runVisitorTests(
  browser: Browser,
  address: string,
  tests: Readonly<Record<string, VisitorTest>>,
  report: (report: PageReport) => void,
  pictures: string | undefined,
): Promise<void> {
  for (const [name, test] of Object.entries(tests)) {
    const start = performance.now();
    const outcome = await runTest(browser, address, test, pictures);
    report({ name, milliseconds: performance.now() - start, ...outcome });
  }
}

/** Runs one test. It fails if a page throws, writes an error to its console, or fails to load a file. */
async function runTest(
  browser: Browser,
  address: string,
  test: VisitorTest,
  pictures: string | undefined,
): Promise<Pick<PageReport, 'error' | 'note'>> {
  const errors: string[] = [];
  const contexts: BrowserContext[] = [];
  const visitor: Visitor = {
    address,
    async open(path, { size = 'desktop', colours = 'light' } = {}) {
      const context = await browser.newContext({
        viewport: SIZES[size],
        hasTouch: size === 'phone',
        colorScheme: colours,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      contexts.push(context);
      await context.addInitScript('globalThis.__name = (f) => f'); // tsx calls it in functions that run in the page
      context.on('page', (page) => listen(page, errors));
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      await page.goto(new URL(path, address).href);
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
    note = await test(visitor);
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
  page.on('requestfailed', (request) => {
    // A worker that is ended, or a page that is left, gives up its requests.
    const reason = request.failure()?.errorText ?? '';
    if (!reason.includes('ERR_ABORTED')) errors.push(`${request.url()} could not be loaded: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) errors.push(`${response.url()}: ${response.status()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`an error on the console: ${message.text()}`);
  });
}
