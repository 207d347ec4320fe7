/** Tests of the whole site: built, served as static files below a path, opened in Chromium. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { ROOT } from '../../scripts/packages.js';
import { serveFolder } from '../../scripts/serve-folder.js';
import { runTool } from '../../scripts/steps.js';
import { addServiceWorker, buildPages } from '../../site/build.js';
import type { PageReport } from './in-page.js';
import { runVisitorTests } from './page-tests.js';
import { outputTests } from './playground-outputs.js';
import { refusalTests } from './playground-refusals.js';
import { playgroundTests } from './playground-tests.js';
import { documentTests, siteTests } from './site-tests.js';

/**
 * Builds the site, runs all tests and reports each. The documents need the packages of docs/site, which `npm run site` installs; without them, the tests
 * of the documents are left out.
 * @param pictures - a folder for pictures of the pages; none by default
 */
export async function testSite(
  browser: Browser,
  report: (report: PageReport) => void,
  pictures?: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-site-'));
  const site = join(folder, 'some/where'); // not at the top: the site may be put at any path
  const hasDocuments = existsSync(join(ROOT, 'docs/site/node_modules'));
  try {
    await buildPages(site);
    if (hasDocuments)
      await runTool('tsx/dist/cli.mjs', [join(ROOT, 'docs/site/main.ts'), '--out', join(site, 'docs')]);
    else console.log('left out: the documents of the site (npm run site installs what they need)');
    await addServiceWorker(site);
    const { server, address } = await serveFolder(folder, 0, { inlineStyles: true });
    const tests = {
      ...siteTests(site),
      ...playgroundTests,
      ...refusalTests,
      ...outputTests,
      ...(hasDocuments && documentTests),
    };
    await runVisitorTests(browser, new URL('some/where/', address).href, tests, report, pictures);
    server.close();
    server.closeAllConnections();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
