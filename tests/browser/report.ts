/** The page of a comparison as a reader uses it: values under the pointer, and figures that open and zoom. */
import { lineChart } from '@varigrad/vae';
import type { Browser, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type ReportedRun, reportPage } from '../../packages/vae/src/cli/report.js';
import { RUN_OPTIONS } from '../../packages/vae/src/run/run-config.js';
import { complete } from '../../packages/vae/src/run/schema/complete.js';
import type { PageReport } from './in-page.js';

const losses = (loss: number) => ({ loss, recon: loss - 5, kl: 5 });
const RUN: ReportedRun = {
  name: 'a <run>',
  config: complete(RUN_OPTIONS, new Map()),
  parameters: 7,
  results: [1, 2, 3].map((epoch) => ({
    epoch,
    train: losses(100 - epoch),
    test: losses(110 - epoch),
    seconds: 1,
    msPerStep: 1,
  })),
  heldOut: 'test',
  measured: { images: 2, weights: 'last', ...losses(107), negativeElbo: 107 } as ReportedRun['measured'],
  figures: [
    {
      caption: 'one more',
      kind: 'chart',
      svg: lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ name: 's', points: [[1, 2]] }] }),
    },
  ],
};

type ReportTest = (page: Page) => Promise<void>;

const viewOf = (page: Page): Promise<number[]> =>
  page.locator('dialog svg').evaluate((svg) => svg.getAttribute('viewBox')!.split(' ').map(Number));

const reportTests: Readonly<Record<string, ReportTest>> = {
  async 'the value nearest to the pointer is shown, and hidden far from all'(page) {
    await page.locator('figure').first().scrollIntoViewIfNeeded();
    const box = (await page.locator('figure circle').nth(1).boundingBox())!;
    await page.mouse.move(box.x + 6, box.y + 6);
    assert.is(await page.locator('#tip').textContent(), 'a <run>, 2: 108');
    assert.is(await page.locator('#tip').isVisible(), true);
    await page.mouse.move(box.x, box.y + 120);
    assert.is(await page.locator('#tip').isVisible(), false);
  },

  async 'a figure opens, zooms by wheel and keys, moves, resets and closes'(page) {
    await page.locator('figure').first().click();
    const whole = await viewOf(page);
    const box = (await page.locator('dialog svg').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -400);
    await page.waitForFunction(
      (width) => document.querySelector<SVGSVGElement>('dialog svg')!.viewBox.baseVal.width < width,
      whole[2]!,
    );
    const near = await viewOf(page);
    assert.ok(Math.abs(near[2]! / whole[2]! - Math.exp(-1)) < 0.01);
    assert.ok(Math.abs(near[0]! + near[2]! / 2 - (whole[0]! + whole[2]! / 2)) < 1, 'the middle stays');
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 50, box.y + box.height / 2);
    await page.mouse.up();
    assert.ok((await viewOf(page))[0]! < near[0]!, 'the picture follows the pointer');
    await page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
    assert.equal(await viewOf(page), whole);
    await page.keyboard.press('+');
    assert.ok((await viewOf(page))[2]! < whole[2]!);
    await page.keyboard.press('-');
    assert.equal(await viewOf(page), whole);
    await page.keyboard.press('Escape');
    assert.is(await page.locator('dialog').isVisible(), false);
  },

  async 'the keyboard opens a figure'(page) {
    await page.locator('figure').last().focus();
    await page.keyboard.press('Enter');
    assert.is(await page.locator('dialog figure').getAttribute('aria-label'), 'one more');
  },
};

/** Runs all tests, each on a page of its own. An error in the page fails the test. */
export async function testReport(browser: Browser, report: (report: PageReport) => void): Promise<void> {
  for (const [name, test] of Object.entries(reportTests)) {
    const start = performance.now();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    try {
      await page.setContent(reportPage([RUN], 'wasm'));
      await test(page);
    } catch (error) {
      errors.unshift((error as Error).message);
    }
    await page.close();
    const error = errors.length === 0 ? {} : { error: errors.join('\n') };
    report({ name, milliseconds: performance.now() - start, ...error });
  }
}
