/** The tests of exported pages. */
import { oneHot, tensor } from '@varigrad/core';
import type { GenerativeModel, VQVAE } from '@varigrad/vae';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { computePart } from '../../packages/vae/src/export/parts.js';

/** Height and width of the pictures. */
export const SIDE = 12;

/** Sizes of the window. */
export const WINDOWS = {
  desktop: { viewport: { width: 1200, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

/** A page and the model that it contains. */
export interface Opened {
  readonly page: Page;
  readonly model: GenerativeModel;
}

/** The grey values of a square of a canvas, 0 to 255. */
const greyOf = (page: Page, selector: string, x = 0, y = 0): Promise<number[]> =>
  page.locator(selector).evaluate(
    (canvas, [left, top, side]) => {
      const context = (canvas as HTMLCanvasElement).getContext('2d')!;
      const { data } = context.getImageData(left!, top!, side!, side!);
      return Array.from({ length: side! * side! }, (_, i) => data[4 * i]!);
    },
    [x, y, SIDE],
  );

/** The picture that the library decodes, 0 to 1. */
function decoded(model: GenerativeModel, z: readonly number[], label?: number): Float32Array {
  const labels = label === undefined ? {} : { labels: oneHot([label], model.classes) };
  const { mean } = computePart(model, 'decoder', { z: tensor([[...z]]), ...labels });
  return Float32Array.from(mean!.dataSync());
}

/** Waits for the next drawing, and compares the canvas with the library. */
async function comparePicture({ page, model }: Opened, z: readonly number[], label?: number): Promise<void> {
  const right = decoded(model, z, label);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  const found = await greyOf(page, '#picture');
  assert.is(found.length, right.length);
  right.forEach((value, i) => {
    const error = Math.abs(found[i]! - 255 * Math.min(1, Math.max(0, value)));
    assert.ok(error <= 0.5 + 1e-3, `pixel ${i}: ${found[i]} for ${255 * value}`);
  });
  const numbers = await page.evaluate(
    ([code, chosen]) => {
      const page = globalThis as unknown as { decode(z: number[], label?: number): Float32Array };
      return [...page.decode(code as number[], chosen as number | undefined)];
    },
    [z, label] as const,
  );
  right.forEach((value, i) => {
    assert.ok(Math.abs(value - numbers[i]!) <= 1e-6, `decode, pixel ${i}: ${numbers[i]} for ${value}`);
  });
}

/** The values that the sliders show, by their place in z. */
async function sliderValues(page: Page): Promise<number[]> {
  const rows = await page.locator('#sliders label').evaluateAll((labels) =>
    labels.map((label) => {
      const { lastChild, firstElementChild } = label.firstElementChild as Element;
      return [
        Number((lastChild ?? firstElementChild)!.textContent),
        Number(label.querySelector('input')!.value),
      ];
    }),
  );
  return rows.sort(([a], [b]) => a! - b!).map(([, value]) => value!);
}

const slider = (page: Page, place: number) =>
  page
    .locator('#sliders label')
    .filter({ hasText: new RegExp(`^(z|choice )${place}\\D?`) })
    .locator('input');

/** A test. @param open - opens the page of the model with this name */
export type ExportedTest = (
  open: (name: string, window?: keyof typeof WINDOWS) => Promise<Opened>,
) => Promise<void>;

export const exportedTests: Readonly<Record<string, ExportedTest>> = {
  async 'the first picture is that of the middle of the prior'(open) {
    for (const [name, z] of [
      ['plane', [0, 0]],
      ['sliders', [0, 0, 0, 0, 0]],
      ['convolutional', [0, 0, 0, 0]],
    ] as const)
      await comparePicture(await open(name), z);
    await comparePicture(await open('classes'), [0, 0], 0);
  },

  async 'sliders change the picture, and the arrow keys move them'(open) {
    const opened = await open('sliders');
    await slider(opened.page, 2).fill('1.5');
    await slider(opened.page, 5).fill('-2.25');
    await comparePicture(opened, [0, 1.5, 0, 0, -2.25]);
    await slider(opened.page, 2).focus();
    await opened.page.keyboard.press('ArrowRight');
    assert.equal((await sliderValues(opened.page))[1], 1.51);
    await comparePicture(opened, [0, 1.51, 0, 0, -2.25]);
  },

  async 'class buttons and digits choose the class'(open) {
    const opened = await open('classes');
    await opened.page.locator('#labels label').nth(7).click();
    await comparePicture(opened, [0, 0], 7);
    await opened.page.keyboard.press('3');
    await comparePicture(opened, [0, 0], 3);
    await opened.page.locator('#labels input').nth(3).focus();
    await opened.page.keyboard.press('ArrowRight');
    await comparePicture(opened, [0, 0], 4);
  },

  async 'the point of the plane follows the mouse, a finger and the arrow keys'(open) {
    for (const window of ['desktop', 'phone'] as const) {
      const opened = await open('plane', window);
      const { page } = opened;
      await page.locator('#plane').scrollIntoViewIfNeeded();
      const box = (await page.locator('#plane').boundingBox())!;
      const [x, y] = [box.x + box.width * 0.75, box.y + box.height * 0.25];
      if (window === 'phone') await page.touchscreen.tap(x, y);
      else {
        await page.mouse.move(box.x + 20, box.y + 20);
        await page.mouse.down();
        await page.mouse.move(x, y, { steps: 4 });
        await page.mouse.up();
      }
      await page.waitForFunction(() => document.querySelector('output')?.textContent !== '0.00');
      const values = await sliderValues(page);
      for (const value of values) assert.ok(Math.abs(value - 1.5) < 0.1, `z: ${values}`);
      await page.locator('#plane').focus();
      await page.keyboard.press('m');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Shift+ArrowUp');
      await comparePicture(opened, [-0.1, 0.6]);
    }
  },

  async 'the plane shows the pictures of its codes'(open) {
    const { page, model } = await open('classes');
    await page.keyboard.press('2');
    await page.waitForSelector('#plane[data-drawn="2"]');
    for (const [column, row, z] of [
      [0, 0, [-2.8, 2.8]],
      [14, 14, [2.8, -2.8]],
      [7, 7, [0, 0]],
    ] as const) {
      const found = await greyOf(page, '#plane canvas', column * SIDE, row * SIDE);
      decoded(model, z, 2).forEach((value, p) => {
        assert.ok(Math.abs(found[p]! - 255 * value) <= 0.51, `cell ${column}, ${row}`);
      });
    }
  },

  async 'random codes have the distribution of the prior, and R draws one'(open) {
    for (const name of ['plane', 'mixture', 'choices', 'codes']) {
      const { page } = await open(name);
      const drawn: number[][] = [];
      for (let i = 0; i < 8; i++) {
        await (i % 2 === 0 ? page.locator('#random').click() : page.keyboard.press('r'));
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 60)));
        drawn.push(await sliderValues(page));
      }
      assert.ok(new Set(drawn.map(String)).size > 2, `${name}: ${JSON.stringify(drawn)}`);
      const isWhole = drawn.flat().every(Number.isInteger);
      assert.is(isWhole, name === 'choices', name);
    }
  },

  async 'choices set rows of the codebook'(open) {
    const opened = await open('choices');
    const { page, model } = opened;
    for (const [place, choice] of [
      [1, 5],
      [2, 0],
      [3, 7],
    ] as const)
      await slider(page, place).fill(String(choice));
    const book = (model as VQVAE).codebook.dataSync();
    await comparePicture(
      opened,
      [5, 0, 7].flatMap((row) => Array.from(book.subarray(2 * row, 2 * row + 2))),
    );
  },

  async 'a picture is saved'(open) {
    const { page } = await open('sliders');
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
    assert.is(download.suggestedFilename(), 'picture.png');
  },

  async 'nothing is wider than the window of a phone'(open) {
    for (const name of ['plane', 'classes', 'sliders', 'mixture', 'choices', 'convolutional', 'codes']) {
      const { page } = await open(name, 'phone');
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= WINDOWS.phone.viewport.width, `${name}: ${width}`);
    }
  },

  async 'the policy of the page forbids eval and requests'(open) {
    const { page } = await open('sliders');
    const outcome = await page.evaluate(async () => {
      const refusals: string[] = [];
      // Chromium allows eval in the code of a debugger, but not in a later task.
      await new Promise((resolve) => setTimeout(resolve));
      try {
        new Function('return 1')();
      } catch (error) {
        refusals.push((error as Error).name);
      }
      await fetch('data:text/plain,x').catch((error) => refusals.push(error.name));
      return refusals;
    });
    assert.equal(outcome, ['EvalError', 'TypeError']);
  },
};
