/**
 * Tests the packages in a real browser: bundles the pages below pages/ from the sources, serves them on 127.0.0.1 with the
 * headers that each needs, and runs them in headless Chromium.
 *
 *   npm run test:browser                 all pages
 *   npm run test:browser -- webgpu       the pages whose name contains one of the words
 *   npm run test:browser -- explorer --pictures=FOLDER     the explorer, with screenshots; also for exported and site
 *
 * Prints one line per test; the last line is `N passed, N failed`. A page that throws, logs an error, runs no test or stops
 * responding counts as one failure.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { BROWSER_BUNDLE } from '../../scripts/browser-bundle.js';
import { ROOT } from '../../scripts/packages.js';
import { findChromium, gpuProcessBytes, startChromium } from './chromium.js';
import { testExplorer } from './explorer.js';
import { testExported } from './exported.js';
import type { PageReport } from './in-page.js';
import { testReport } from './report.js';
import { type Served, type Server, serve } from './server.js';
import { type PageSetting, SETTINGS } from './settings.js';
import { testSite } from './site.js';

/** A page that reports nothing for this long is abandoned. */
const SILENCE_MS = 300_000;

const tally = { passed: 0, failed: 0 };

function tell(page: string, { name, milliseconds, error, note }: PageReport): void {
  tally[error === undefined ? 'passed' : 'failed'] += 1;
  const head = `${error === undefined ? 'ok  ' : 'FAIL'}  ${page}: ${name}`;
  console.log(`${head}${note ? ` (${note})` : ''}  ${(milliseconds / 1000).toFixed(1)} s`);
  if (error !== undefined) console.log(error.replace(/^(?=.)/gm, '      '));
}

async function bundle(settings: readonly PageSetting[]): Promise<Map<string, Served>> {
  const { outputFiles } = await build({
    ...BROWSER_BUNDLE,
    absWorkingDir: ROOT,
    entryPoints: [
      ...new Set(settings.map(({ page }) => fileURLToPath(new URL(`pages/${page}.ts`, import.meta.url)))),
    ],
    outdir: 'bundled', // not written: the files are served from memory
    write: false,
    sourcemap: 'inline',
  });
  const scripts = outputFiles.map(({ path, contents }): [string, Served] => {
    const headers = { 'cross-origin-embedder-policy': 'require-corp' }; // lets isolated pages start a script as a worker
    return [`/${path.split(/[\\/]/).at(-1)}`, { type: 'text/javascript', body: contents, headers }];
  });
  const pages = settings.map(({ name, page, headers }): [string, Served] => {
    const body = `<!doctype html><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,">
<script type="module" src="/${page}.js"></script>`;
    return [`/${name}.html`, { type: 'text/html', body, headers }];
  });
  return new Map([...scripts, ...pages]);
}

/** A running page: the reports of its tests, and errors outside of them. */
class PageRun {
  readonly #setting: PageSetting;
  readonly errors: string[] = [];
  readonly over: Promise<void>;
  #end: () => void = () => {};
  #started = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(setting: PageSetting) {
    this.#setting = setting;
    this.over = new Promise((resolve) => {
      this.#end = () => {
        clearTimeout(this.#timer);
        resolve();
      };
    });
    this.#heard();
  }

  /** Adds the functions of `Runner` to the page, and listens for errors. */
  async attach(page: Page): Promise<void> {
    await page.exposeFunction('startTests', () => {
      this.#started = true;
    });
    await page.exposeFunction('reportTest', (report: PageReport) => {
      this.#heard();
      tell(this.#setting.name, report);
    });
    await page.exposeFunction('endTests', (count: number) => {
      if (count === 0) this.errors.push('the page ran no test');
      this.#end();
    });
    await page.exposeFunction('gpuProcessBytes', () => gpuProcessBytes(page));
    page.on('pageerror', (error) => this.#went(`the page threw: ${error.stack ?? error.message}`));
    page.on('crash', () => this.abandon('the page crashed'));
    page.on('console', (message) => {
      if (message.type() !== 'error' || this.#setting.allowedErrors?.test(message.text())) return;
      this.#went(`an error on the console: ${message.text()}`);
    });
  }

  abandon(error: string): void {
    this.errors.push(error);
    this.#end();
  }

  /** Records an error. A page that fails before its first test does not report its end, so it ends here. */
  #went(wrong: string): void {
    this.errors.push(wrong);
    if (!this.#started) this.#end();
  }

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.abandon(`the page reported nothing for ${SILENCE_MS / 1000} s`),
      SILENCE_MS,
    );
  }
}

/** Loads the page and waits until its tests have ended. @returns the errors outside of its tests */
async function runPage(browser: Browser, server: Server, setting: PageSetting): Promise<readonly string[]> {
  const run = new PageRun(setting);
  const page = await browser.newPage();
  try {
    await run.attach(page);
    // 'commit': the tests may end before the page has loaded.
    await page.goto(`${server.origin}/${setting.name}.html`, { waitUntil: 'commit' });
    await run.over;
  } catch (error) {
    run.abandon((error as Error).message);
  } finally {
    await page.close();
  }
  return run.errors;
}

const EXPLORER = 'explorer';
const REPORT = 'report';
const EXPORTED = 'exported';
const SITE = 'site';

/** The pages whose names contain one of the words; all if there are no words. @throws Error if a word matches none */
function choosePages(words: readonly string[]): {
  settings: readonly PageSetting[];
  explorer: boolean;
  report: boolean;
  exported: boolean;
  site: boolean;
} {
  const names = [...SETTINGS.map(({ name }) => name), EXPLORER, REPORT, EXPORTED, SITE];
  const unmatched = words.filter((word) => !names.some((name) => name.includes(word)));
  if (unmatched.length > 0)
    throw new Error(`page names must be among ${names.join(', ')}, found ${unmatched.join(', ')}`);
  const chosen = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));
  return {
    settings: SETTINGS.filter(({ name }) => chosen(name)),
    explorer: chosen(EXPLORER),
    report: chosen(REPORT),
    exported: chosen(EXPORTED),
    site: chosen(SITE),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { pictures: { type: 'string' } },
    allowPositionals: true,
  });
  const { settings, explorer, report, exported, site } = choosePages(positionals);
  const executable = findChromium();
  const server = await serve(await bundle(settings));
  const shared = await startChromium(executable);
  try {
    console.log(`Chromium ${shared.version()}`);
    for (const setting of settings) {
      const start = performance.now();
      const { browserArguments } = setting;
      const browser = browserArguments ? await startChromium(executable, browserArguments) : shared;
      const errors = await runPage(browser, server, setting);
      if (browser !== shared) await browser.close();
      if (errors.length === 0) continue;
      const milliseconds = performance.now() - start;
      tell(setting.name, { name: 'the page as a whole', milliseconds, error: errors.join('\n') });
    }
    if (explorer) await testExplorer(shared, (report) => tell(EXPLORER, report), values.pictures);
    if (report) await testReport(shared, (outcome) => tell(REPORT, outcome));
    if (exported) await testExported(shared, (outcome) => tell(EXPORTED, outcome), values.pictures);
    if (site) await testSite(shared, (outcome) => tell(SITE, outcome), values.pictures);
  } finally {
    await shared.close();
    await server.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(`npm run test:browser: ${(error as Error).message}`);
  tally.failed += 1;
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;
