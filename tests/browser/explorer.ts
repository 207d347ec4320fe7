/** Tests of the explorer page (examples/explorer): built, served as static files, opened in Chromium. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildExplorer } from '../../examples/explorer/build.js';
import { serveFolder } from '../../scripts/serve-folder.js';
import { type ExplorerTest, explorerTests } from './explorer-tests.js';
import type { PageReport } from './in-page.js';
import { runVisitorTests, type SIZES, type Visitor, type VisitorTest } from './page-tests.js';

/** The argument of a test. */
export interface Explorer extends Pick<Visitor, 'picture'> {
  /** Opens the page in a new window, at the part of the address after #. */
  open(hash: string, size?: keyof typeof SIZES): Promise<Page>;
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
    const tests = Object.entries(explorerTests).map(([name, test]) => [name, asVisitor(test)]);
    const here = new URL('some/where/', address).href;
    await runVisitorTests(browser, here, Object.fromEntries(tests), report, pictures);
    server.close();
    server.closeAllConnections();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function asVisitor(test: ExplorerTest): VisitorTest {
  return ({ open, picture }) =>
    test({
      picture,
      async open(hash, size = 'desktop') {
        const page = await open(`#${hash}`, { size });
        page.setDefaultTimeout(10_000);
        await page.waitForSelector('body[data-ready]');
        return page;
      },
    });
}
