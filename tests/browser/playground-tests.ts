/** What a visitor does in the playground, and what must happen. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { check } from './in-page.js';
import type { VisitorTest } from './page-tests.js';
import { numberOf, opened, paused, set, stateOf, waitForSteps } from './playground-actions.js';

/** A folder of 20 pictures: ten with a bar on the left in `left`, ten with one on the right in `right`. */
async function folderOfPictures(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-pictures-'));
  for (const side of ['left', 'right']) {
    await mkdir(join(folder, side));
    for (let i = 0; i < 10; i++) {
      const png = new PNG({ width: 40, height: 40 });
      const bar = side === 'left' ? 8 : 30;
      for (let p = 0; p < 40 * 40; p++) {
        const isBar = Math.abs((p % 40) - bar) < 4 && Math.floor(p / 40) > i;
        png.data.set(isBar ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * p);
      }
      await writeFile(join(folder, side, `${i}.png`), PNG.sync.write(png));
    }
  }
  return folder;
}

export const playgroundTests: Readonly<Record<string, VisitorTest>> = {
  async 'the model learns at once, without an action'(visitor) {
    const start = performance.now();
    const page = await opened(visitor, '', 30);
    const seconds = (performance.now() - start) / 1000;
    await visitor.picture(page, 'playground-desktop-light');
    return `30 steps after ${seconds.toFixed(1)} s`;
  },

  async 'pause, one step, play, reset and speed'(visitor) {
    const page = await opened(visitor);
    const before = await paused(page);
    await page.click('#step');
    await waitForSteps(page, before + 1);
    check((await paused(page)) === before + 1, 'Step runs more than one step');
    await page.keyboard.press('.');
    await page.click('h1');
    await page.click('#play');
    await waitForSteps(page, before + 4);
    await paused(page);
    await page.click('#reset');
    await page.waitForFunction(() => document.querySelector('[data-number="step"]')?.textContent === '0');
    await page.selectOption('#speed', '5');
    await page.click('#play');
    const start = performance.now();
    await waitForSteps(page, 6);
    const rate = (6 * 1000) / (performance.now() - start);
    check(rate < 9, `5 steps per second are ${rate.toFixed(1)}`);
  },

  async 'the address has the settings, and opens the same training'(visitor) {
    const page = await opened(visitor);
    await set(page, 'latent', '3');
    await set(page, 'beta', '2.5');
    await set(page, 'model', 'cvae');
    await page.waitForSelector('.styles', { state: 'visible' });
    const state = await stateOf(page);
    check(
      state.get('latent') === '3' && state.get('beta') === '2.5' && state.get('model') === 'cvae',
      state.toString(),
    );
    const other = await opened(visitor, state.toString());
    check((await other.inputValue('#latent')) === '3', 'latent');
    check((await other.inputValue('#model')) === 'cvae', 'model');
    check((await other.locator('[data-setting="beta"].differs').count()) === 1, 'β is not marked');
    await set(page, 'latent', '99');
    check(((await page.textContent('#latent-fault')) ?? '').includes('from 2 to 32, found 99'), 'no fault');
  },

  async 'dragging the point, and arrow keys'(visitor) {
    const page = await opened(visitor, '', 60);
    await paused(page);
    const box = (await page.locator('.plane').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.3, { steps: 5 });
    await page.mouse.up();
    const [x = 0, y = 0] = (await stateOf(page)).get('point')!.split(',').map(Number);
    check(x > 0.5 && y > 0.5 && Math.abs(x - y) < 0.1, `the point is at ${x}, ${y}`);
    const image = (): Promise<string> =>
      page
        .locator('.single')
        .first()
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    await page.waitForTimeout(300);
    const before = await image();
    await page.locator('.plane').focus();
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowLeft');
    const [left = 0] = (await stateOf(page)).get('point')!.split(',').map(Number);
    check(Math.abs(x - left - 1) < 0.02, `the point moved from ${x} to ${left}`);
    await page.waitForTimeout(500);
    check((await image()) !== before, 'the decoded image is the same');
  },

  async 'a drawn digit is encoded and reconstructed'(visitor) {
    const page = await opened(visitor, '', 60);
    check(
      !(await page.isVisible('.pair figure:last-child canvas')),
      'there is a reconstruction without a drawing',
    );
    const box = (await page.locator('.pad').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.48, box.y + box.height * 0.8, { steps: 10 });
    await page.mouse.up();
    await page.waitForSelector('.pair figure:last-child canvas', { state: 'visible' });
    await page.waitForTimeout(600);
    await visitor.picture(page, 'playground-drawing');
    await page.click('.pad-box button');
    await page.waitForSelector('.pair figure:last-child canvas', { state: 'hidden' });
  },

  async 'a training on drawings'(visitor) {
    const page = await opened(visitor);
    for (let i = 0; i < 4; i++) {
      const box = (await page.locator('.pad').boundingBox())!;
      await page.mouse.move(box.x + box.width * (0.3 + 0.1 * i), box.y + box.height * 0.2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * (0.3 + 0.1 * i), box.y + box.height * 0.8, { steps: 5 });
      await page.mouse.up();
      await page.click('.pad-buttons button:last-child');
    }
    await page.click('text=Train on the 4 drawings');
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('3 training and 1 test'),
    );
    await waitForSteps(page, 10);
  },

  async 'shapes, coloured by a factor, and all 60,000 digits'(visitor) {
    const page = await opened(visitor, 'preset=shapes', 40);
    await page.selectOption('#colour', 'x');
    check((await stateOf(page)).get('colour') === 'x', 'the address has no colour');
    await visitor.picture(page, 'playground-shapes');
    await set(page, 'data', 'all-digits');
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('60,000 training'),
    );
    await waitForSteps(page, 5);
  },

  async 'a folder of 20 PNG files'(visitor) {
    const page = await opened(visitor, 'model=cvae');
    await page.setInputFiles('#folder', await folderOfPictures());
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('18 training and 2 test'),
    );
    await waitForSteps(page, 20);
    const names = await page.locator('#label option').allTextContents();
    check(names.join() === 'left,right', `the classes are ${names.join()}`);
    await visitor.picture(page, 'playground-own-images');
  },

  async 'a CSV file, and one that is faulty'(visitor) {
    const page = await opened(visitor);
    const folder = await mkdtemp(join(tmpdir(), 'varigrad-csv-'));
    const row = (i: number): string =>
      Array.from({ length: 64 }, (_, p) => (p % 8 === i % 8 ? 200 : 10)).join(',');
    await writeFile(join(folder, 'bars.csv'), Array.from({ length: 50 }, (_, i) => row(i)).join('\n'));
    await writeFile(join(folder, 'bad.csv'), `${row(0)}\n1,2,3`);
    await page.setInputFiles('#files', join(folder, 'bars.csv'));
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('45 training and 5 test'),
    );
    await waitForSteps(page, 20);
    await page.setInputFiles('#files', join(folder, 'bad.csv'));
    await page.waitForSelector('#notice:not([hidden])');
    check((await page.textContent('#notice p')) === 'Line 2 has 3 columns, expected 64.', 'no reason');
  },

  async 'two models on the same batches'(visitor) {
    const page = await opened(visitor, '', 3);
    await page.click('#second');
    await waitForSteps(page, 20, 0);
    await waitForSteps(page, 20, 1);
    check((await stateOf(page)).get('second') === 'yes', 'the address has no second model');
    check((await page.locator('.panel h2').nth(1).textContent()) === 'Autoencoder', 'no autoencoder');
    check((await numberOf(page, 'KL', 1)) === 0, 'an autoencoder has a KL');
    check(await page.isDisabled('#b-seed'), 'the second model may have another seed');
    await visitor.picture(page, 'playground-two');
    await page.click('#second');
    await page.waitForFunction(() => document.querySelectorAll('.panel').length === 1);
  },

  async 'phone and dark'(visitor) {
    for (const size of ['desktop', 'phone'] as const)
      for (const colours of ['light', 'dark'] as const) {
        const page = await opened(visitor, '', 100, { size, colours });
        const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        check(width <= 0, `${size}: the page is ${width} pixels too wide`);
        await visitor.picture(page, `playground-${size}-${colours}`);
      }
  },
};
