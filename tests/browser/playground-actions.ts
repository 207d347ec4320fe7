/** What a visitor does in the playground. */
import type { Page } from 'playwright-core';
import type { Visitor } from './page-tests.js';

export const PLAYGROUND = 'playground/index.html';

/** The number under a name in a panel. */
export async function numberOf(page: Page, name: string, panel = 0): Promise<number> {
  return Number(await page.locator(`[data-number="${name}"]`).nth(panel).textContent());
}

/** Opens the playground and waits for some steps. */
export async function opened({ open }: Visitor, hash = '', steps = 3, options = {}): Promise<Page> {
  const page = await open(`${PLAYGROUND}#${hash}`, options);
  await waitForSteps(page, steps);
  return page;
}

export async function waitForSteps(page: Page, steps: number, panel = 0): Promise<void> {
  await page.waitForFunction(
    ([steps, panel]) =>
      Number(document.querySelectorAll('[data-number="step"]')[panel!]?.textContent) >= steps!,
    [steps, panel],
  );
}

/** Loads a page again when its service worker controls it: from then on, threads are allowed. */
export async function reloadWithThreads(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (navigator.serviceWorker.controller === null) await new Promise((next) => setTimeout(next, 50));
  });
  await page.reload();
  await page.waitForFunction(() =>
    document.getElementById('machine')?.textContent?.includes('threads allowed'),
  );
}

/** Pauses, and waits until no step is in progress. @returns the steps so far */
export async function paused(page: Page): Promise<number> {
  if ((await page.textContent('#play')) === 'Pause') await page.click('#play');
  let before = -1;
  for (let now = await numberOf(page, 'step'); now !== before; now = await numberOf(page, 'step')) {
    before = now;
    await page.waitForTimeout(400);
  }
  return before;
}

export async function stateOf(page: Page): Promise<URLSearchParams> {
  return new URLSearchParams((await page.evaluate(() => location.hash)).slice(1));
}

/** Sets a field of the form as a user does. */
export async function set(page: Page, name: string, value: string, prefix = ''): Promise<void> {
  const field = page.locator(`#${prefix}${name}`);
  if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(value);
  else {
    await field.fill(value);
    await field.blur();
  }
}
