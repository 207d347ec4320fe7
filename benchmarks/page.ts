/**
 * `npm run bench:page`: the playground in headless Chromium. It needs Chromium, and Linux for the memory.
 *
 * - An epoch of 60,000 digits, 784-400-20 and batches of 128, in the worker of the page and in Node, in turns. Both run the trainer of the
 *   playground; the page also computes and draws its views.
 * - Memory of the page over some minutes of training with the settings that a visitor finds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backend, createWasm, setBackend } from '@varigrad/core';
import { firstOf } from '@varigrad/vae';
import { mnist } from '@varigrad/vae/node';
import type { Browser, Page } from 'playwright-core';
import { fail, wholeNumber } from '../examples/arguments.js';
import { DEFAULTS, type Settings } from '../examples/playground/src/engine/settings.js';
import { Trainer } from '../examples/playground/src/engine/trainer.js';
import type { Answer, Request } from '../examples/playground/src/messages.js';
import { serveFolder } from '../scripts/serve-folder.js';
import { addServiceWorker, buildPages } from '../site/build.js';
import { findChromium, processesOf, startChromium } from '../tests/browser/chromium.js';
import { reloadWithThreads } from '../tests/browser/playground-actions.js';
import { machine, summarize, table } from './measure.js';

const HELP = `npm run bench:page -- [options]

Measures the playground in headless Chromium: an epoch in the page and in Node, and memory over some minutes.

  --epochs N     epochs of each, after one that is not counted (default 3; 0: not measured)
  --minutes N    minutes of training for the memory (default 10; 0: not measured)
  --help         print this text`;

const OPTIONS = {
  epochs: { type: 'string', default: '3' },
  minutes: { type: 'string', default: '10' },
  help: { type: 'boolean', default: false },
} as const;

const SETTINGS: Settings = { ...DEFAULTS, data: 'all-digits', latent: 20, hidden: '400', batchSize: 128 };
const SECONDS_PER_ROW = 30;

async function openPlayground(browser: Browser, site: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript('globalThis.__name = (f) => f'); // tsx calls it in functions that run in the page
  await page.goto(new URL('playground/index.html', site).href);
  await reloadWithThreads(page);
  return page;
}

/** Runs in the page: starts a worker of the playground. @returns what it computes on */
async function startWorker(settings: Settings): Promise<string> {
  const worker = new Worker(new URL('./worker.js', document.baseURI), { type: 'module' });
  Object.assign(globalThis, { measuredWorker: worker });
  const digits = new URL('./digits/', document.baseURI).href;
  worker.postMessage({ kind: 'start', settings, digits, own: null } satisfies Request);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === 'started') resolve(data.machine);
      else if (data.kind === 'refused') reject(new Error(data.message));
    };
  });
}

/** Runs in the page. @returns the milliseconds of an epoch */
async function epochInPage(steps: number): Promise<number> {
  const { measuredWorker: worker } = globalThis as unknown as { measuredWorker: Worker };
  const start = performance.now();
  worker.postMessage({ kind: 'run', steps, perSecond: 1000 } satisfies Request);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.kind === 'stopped') resolve(performance.now() - start);
      else if (data.kind === 'refused') reject(new Error(data.message));
    };
  });
}

async function measureEpochs(browser: Browser, site: string, rounds: number): Promise<void> {
  const page = await openPlayground(browser, site);
  await page.click('#play'); // the model of the page itself stops
  console.log(`page: ${await page.evaluate(startWorker, SETTINGS)}`);
  setBackend(createWasm());
  console.log(`Node: ${backend().description}\n`);
  const { train, test } = await mnist();
  const trainer = new Trainer(SETTINGS, { train, test: firstOf(test, 1000) });
  const steps = trainer.stepsPerEpoch;
  const times: Record<'page' | 'Node', number[]> = { page: [], Node: [] };
  for (let round = 0; round <= rounds; round++) {
    const there = await page.evaluate(epochInPage, steps);
    const start = performance.now();
    await trainer.run(steps);
    const here = performance.now() - start;
    if (round === 0) continue;
    times.page.push(there / 1000);
    times.Node.push(here / 1000);
  }
  const rows = Object.entries(times).map(([name, list]) => {
    const { median, low, high } = summarize(list);
    return [name, median.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`];
  });
  console.log(table([['an epoch of 60,000 digits', 'seconds', 'quartiles'], ...rows]));
  const ratio = summarize(times.page).median / summarize(times.Node).median;
  console.log(`\npage / Node: ${ratio.toFixed(2)}\n`);
  await page.context().close();
}

/** Memory of all processes of the browser, where pages that several share count once, and the heap of the page, in MB. */
async function memoryOf(page: Page): Promise<{ memory: number; heap: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  const kilobytes = (await processesOf(page)).map(({ id }) => {
    const file = `/proc/${id}/smaps_rollup`;
    return Number(/^Pss:\s*(\d+) kB$/m.exec(existsSync(file) ? readFileSync(file, 'utf8') : '')?.[1] ?? 0);
  });
  return { memory: (1024 * kilobytes.reduce((sum, each) => sum + each, 0)) / 1e6, heap: usedSize / 1e6 };
}

async function measureMemory(browser: Browser, site: string, minutes: number): Promise<void> {
  const page = await openPlayground(browser, site);
  const rows: string[][] = [];
  const memory: number[] = [];
  const start = performance.now();
  const count = Math.ceil((60 * minutes) / SECONDS_PER_ROW);
  for (let i = 1; i <= count; i++) {
    await page.waitForTimeout(Math.max(0, start + 1000 * SECONDS_PER_ROW * i - performance.now()));
    const { memory: now, heap } = await memoryOf(page);
    const step = (await page.textContent('[data-number="step"]')) ?? '';
    memory.push(now);
    rows.push([String(SECONDS_PER_ROW * i), step, now.toFixed(0), heap.toFixed(1)]);
    console.error(`${SECONDS_PER_ROW * i} s: ${now.toFixed(0)} MB`);
  }
  console.log(table([['seconds', 'step', 'MB in memory', 'MB in the heap of the page'], ...rows]));
  const half = summarize(memory.slice(0, Math.ceil(count / 2))).median;
  const rest = summarize(memory.slice(Math.ceil(count / 2))).median;
  console.log(
    `\nMemory of all processes, median: ${half.toFixed(0)} MB in the first half, ${rest.toFixed(0)} MB in the second`,
  );
  await page.context().close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const epochs = wholeNumber('epochs', values.epochs, 0);
  const minutes = wholeNumber('minutes', values.minutes, 0);
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-page-'));
  try {
    await buildPages(folder);
    await addServiceWorker(folder);
    const { server, address } = await serveFolder(folder, 0);
    const browser = await startChromium(findChromium());
    console.log(`${machine()}, Chromium ${browser.version()}`);
    if (epochs > 0) await measureEpochs(browser, address, epochs);
    if (minutes > 0) await measureMemory(browser, address, minutes);
    await browser.close();
    server.close();
    server.closeAllConnections();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch(fail);
