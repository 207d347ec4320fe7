/** Exported pages as a user opens them: from disk, with the keyboard, a mouse and a finger; their pictures against the library. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Generator, tensor } from '@varigrad/core';
import {
  Autoencoder,
  ConditionalVAE,
  ConvolutionalDecoder,
  type GenerativeModel,
  MixtureOfGaussians,
  VAE,
  VQVAE,
} from '@varigrad/vae';
import { exportPage } from '@varigrad/vae/export';
import type { Browser } from 'playwright-core';
import * as assert from 'uvu/assert';
import { type ExportedTest, exportedTests, SIDE, WINDOWS } from './exported-tests.js';
import type { PageReport } from './in-page.js';

const sizes = { inputSize: SIDE * SIDE, hidden: [16] };

/** A model whose pictures differ much from code to code. */
function loud(model: GenerativeModel): GenerativeModel {
  for (const [name, weights] of model.namedParameters())
    if (name.startsWith('decoder.')) weights.assign(weights.detach().mul(4));
  return model;
}

const generator = (): Generator => new Generator(6);

const models: Readonly<Record<string, () => GenerativeModel>> = {
  plane: () => loud(new VAE({ ...sizes, latent: 2, generator: generator() })),
  classes: () => loud(new ConditionalVAE({ ...sizes, latent: 2, classes: 10, generator: generator() })),
  sliders: () => loud(new VAE({ ...sizes, latent: 5, generator: generator() })),
  mixture: () => {
    const prior = new MixtureOfGaussians(3, { components: 4, generator: generator() });
    return loud(new VAE({ ...sizes, latent: 3, prior, generator: generator() }));
  },
  choices: () => loud(new VQVAE({ ...sizes, vectors: 3, width: 2, codebookSize: 8, generator: generator() })),
  convolutional: () => {
    const own = generator();
    const decoder = new ConvolutionalDecoder(4, [SIDE, SIDE], 1, {
      channels: [4, 8],
      batchNorm: true,
      generator: own,
    });
    return loud(new VAE({ ...sizes, latent: 4, decoder, generator: own }));
  },
  codes: () => loud(new Autoencoder({ ...sizes, latent: 3, generator: generator() })),
};

/** Runs all tests and reports each. @param pictures - a folder for pictures of the pages; none by default */
export async function testExported(
  browser: Browser,
  report: (report: PageReport) => void,
  pictures?: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'varigrad-exported-'));
  try {
    for (const [name, test] of Object.entries(exportedTests)) {
      const start = performance.now();
      const error = await runTest(browser, folder, test);
      report({ name, milliseconds: performance.now() - start, ...(error !== '' && { error }) });
    }
    if (pictures !== undefined) await takePictures(browser, folder, pictures);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the page of a model. @returns its address */
async function writePage(folder: string, name: string, model: GenerativeModel): Promise<string> {
  const codes =
    name === 'codes'
      ? {
          codes: tensor([
            [4, 5, 9],
            [5, 7, 8],
            [6, 6, 10.5],
            [4.5, 5.5, 8.5],
            [6.5, 5, 9],
          ]),
        }
      : {};
  const file = join(folder, `${name} & more.html`);
  await writeFile(file, await exportPage(model, { imageShape: [SIDE, SIDE], title: `<${name}>`, ...codes }));
  return pathToFileURL(file).href;
}

/** @returns what went wrong: the test, an error or a request of the page; '' if nothing did */
async function runTest(browser: Browser, folder: string, test: ExportedTest): Promise<string> {
  const errors: string[] = [];
  const contexts: { close(): Promise<void> }[] = [];
  try {
    await test(async (name, window = 'desktop') => {
      const model = models[name]!();
      const address = await writePage(folder, name, model);
      const context = await browser.newContext(WINDOWS[window]);
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      page.on('pageerror', (error) => errors.push(`the page threw: ${error.stack ?? error.message}`));
      page.on('request', (request) => {
        if (request.url() !== address && !request.url().startsWith('data:'))
          errors.push(`a request of ${request.url()}`);
      });
      await page.goto(address);
      assert.is(await page.title(), `<${name}>`);
      return { page, model };
    });
  } catch (error) {
    errors.unshift((error as Error).stack ?? (error as Error).message);
  }
  for (const context of contexts) await context.close();
  return errors.join('\n');
}

async function takePictures(browser: Browser, folder: string, pictures: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  for (const name of ['classes', 'sliders', 'choices'])
    for (const [window, size] of Object.entries(WINDOWS))
      for (const colorScheme of ['light', 'dark'] as const) {
        const context = await browser.newContext({ ...size, colorScheme });
        const page = await context.newPage();
        await page.goto(await writePage(folder, name, models[name]!()));
        await page.waitForTimeout(1000);
        await page.screenshot({ path: join(pictures, `exported-${name}-${window}-${colorScheme}.png`) });
        await context.close();
      }
}
