/** What leaves the playground: a step for the explorer, a program, weights; and the bits of its trainings. */
import { readFile } from 'node:fs/promises';
import { decodeSafetensors } from '@varigrad/nn';
import { modelsOf, PRESETS } from '../../examples/playground/src/presets.js';
import { readShown } from './explorer-panel.js';
import { check } from './in-page.js';
import type { Visitor, VisitorTest } from './page-tests.js';
import { numberOf, opened, PLAYGROUND, paused, waitForSteps } from './playground-actions.js';
import { compareWithNode } from './playground-bits.js';

const bits: Record<string, VisitorTest> = Object.fromEntries(
  PRESETS.map((preset) => [
    `${preset.id}: 200 steps in the page have the bits of Node`,
    async ({ open }: Visitor) => {
      const page = await open(PLAYGROUND);
      await page.click('#play'); // pauses
      const [first, second] = modelsOf(preset);
      const notes: string[] = [];
      for (const settings of second === null ? [first] : [first, second])
        notes.push(await compareWithNode(page, { ...settings, simd: 'plain', threads: 1 }, 200));
      return notes.join('; ');
    },
  ]),
);

export const outputTests: Readonly<Record<string, VisitorTest>> = {
  async 'the step that ran opens in the explorer with the same numbers'(visitor) {
    const page = await opened(visitor, '', 10);
    const before = await paused(page);
    await page.click('#step');
    await waitForSteps(page, before + 1);
    const [recon, kl] = [await numberOf(page, 'recon'), await numberOf(page, 'KL')];
    const [explorer] = await Promise.all([page.context().waitForEvent('page'), page.click('#explore')]);
    await explorer.waitForURL(/#preset=step/);
    await explorer.waitForSelector('body[data-ready]');
    await explorer.click('#tabs [data-tab=nodes]');
    for (const [name, wanted] of [
      ['recon', recon],
      ['kl', kl],
    ] as const) {
      await explorer.fill('#search', name);
      await explorer.locator('#node-list [data-node-link]').first().click();
      await explorer.keyboard.press('v'); // to the step that computes it
      const { panel } = await readShown(explorer);
      const value = panel.get('value')!.values[0]!;
      check(
        Math.abs(value - wanted) <= 0.006 * wanted,
        `${name} is ${value}, and ${wanted} in the playground`,
      );
    }
    await explorer.fill('#search', '');
    check(
      ((await explorer.textContent('#about')) ?? '').includes('A step of the playground'),
      'another graph is open',
    );
    await visitor.picture(explorer, 'explorer-step');
  },

  async 'the diverging preset names step, operation and module, and the failing step opens'(visitor) {
    const page = await visitor.open(`${PLAYGROUND}#preset=diverges`);
    await page.waitForSelector('#failure:not([hidden])');
    const text = (await page.textContent('#failure')) ?? '';
    check(/Step \d+: \w+( in [\w.]+)? is NaN or Infinity/.test(text), text);
    await visitor.picture(page, 'playground-failure');
    const [explorer] = await Promise.all([page.context().waitForEvent('page'), page.click('#explore')]);
    await explorer.waitForURL(/#preset=step/);
    await explorer.waitForSelector('body[data-ready]');
    return text.slice(0, text.indexOf('. ') + 1);
  },

  async 'code is copied, and weights are saved'(visitor) {
    const page = await opened(visitor, '', 5);
    await page.click('#copy');
    await page.waitForSelector('#notice:not([hidden])');
    const program = await page.evaluate(() => navigator.clipboard.readText());
    check(program.includes('new VAE(') && program.includes('await fit(model, data'), program);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
    const { tensors, metadata } = decodeSafetensors(await readFile(await download.path()));
    check('decoder.out.weight' in tensors && metadata.config !== undefined, 'the file has no weights');
  },

  ...bits,
};
