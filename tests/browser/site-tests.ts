/** The site as a whole: sizes, times, threads by the service worker, use without a connection, names of controls, and what is found in two clicks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { check } from './in-page.js';
import type { VisitorTest } from './page-tests.js';
import { reloadWithThreads } from './playground-actions.js';

const MOST_KILOBYTES = 400;
const MOST_SECONDS = 2;

/** Opens a page and counts what it loads before the digits. @returns gzipped kB, and the seconds until its script has run */
async function weigh(
  page: Page,
  site: string,
  path: string,
  folder: string,
  ready: string,
): Promise<readonly [number, number]> {
  let bytes = 0;
  const count = (response: Response): void => {
    const file = response
      .url()
      .slice(site.length)
      .replace(/[#?].*/, '');
    const isPart =
      response.url().startsWith(site) && !response.fromServiceWorker() && !file.includes('digits/');
    if (isPart) bytes += gzipSync(readFileSync(join(folder, file))).length;
  };
  page.on('response', count);
  const start = performance.now();
  await page.goto(new URL(path, site).href);
  await page.waitForSelector(ready);
  const seconds = (performance.now() - start) / 1000;
  page.off('response', count);
  return [bytes / 1000, seconds];
}

/** @param folder - of the built site */
export function siteTests(folder: string): Readonly<Record<string, VisitorTest>> {
  return {
    async 'landing page and playground are small and fast'({ open, address }) {
      const notes: string[] = [];
      for (const [path, ready] of [
        ['index.html', '.cards'],
        ['playground/index.html', '.panel .plane'],
      ] as const) {
        const page = await open('about:blank'); // the browser has started, and has nothing in its cache
        const [kilobytes, seconds] = await weigh(page, address, path, folder, ready);
        check(
          kilobytes < MOST_KILOBYTES,
          `${path} has ${kilobytes.toFixed(0)} kB, at most ${MOST_KILOBYTES}`,
        );
        check(seconds < MOST_SECONDS, `${path} takes ${seconds.toFixed(1)} s, at most ${MOST_SECONDS}`);
        notes.push(`${path}: ${kilobytes.toFixed(0)} kB, ${seconds.toFixed(2)} s`);
      }
      return notes.join('; ');
    },

    async 'threads after one reload, and the whole page without a connection'({ open }) {
      const page = await open('playground/index.html');
      await page.waitForFunction(() =>
        document.getElementById('machine')?.textContent?.includes('reload the page'),
      );
      await reloadWithThreads(page);
      check(await page.evaluate(() => crossOriginIsolated), 'the page is not isolated');
      const machine = (await page.textContent('#machine')) ?? '';
      await page.context().setOffline(true);
      await page.reload();
      await page.waitForFunction(
        () => Number(document.querySelector('[data-number="step"]')?.textContent) > 5,
      );
      await page.goto(new URL('../index.html', page.url()).href);
      check((await page.textContent('h1'))?.includes('Train') === true, 'no landing page');
      await page.context().setOffline(false);
      return machine.slice(0, machine.indexOf(' · '));
    },

    async 'every control has a name, and every text has contrast'({ open, picture }) {
      for (const path of ['index.html', 'playground/index.html'])
        for (const colours of ['light', 'dark'] as const) {
          const page = await open(path, { colours });
          await page.waitForTimeout(1000);
          check((await page.evaluate(namelessControls)) === '', await page.evaluate(namelessControls));
          const faint = await page.evaluate(faintTexts);
          check(faint === '', `${path}, ${colours}: ${faint}`);
          if (path === 'index.html') await picture(page, `landing-desktop-${colours}`);
        }
      const phone = await open('index.html', { size: 'phone' });
      const width = await phone.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(width <= 0, `the landing page is ${width} pixels too wide for a phone`);
      await picture(phone, 'landing-phone-light');
    },

    async 'training a VAE and the gradient of one weight take at most two clicks'({ open }) {
      const page = await open('index.html');
      await page.click('text=Train a VAE');
      await page.waitForFunction(
        () => Number(document.querySelector('[data-number="step"]')?.textContent) > 3,
      );
      const other = await open('index.html');
      await other.click('text=The gradient of one weight');
      await other.waitForSelector('body[data-ready]');
      const panel = (await other.textContent('#node')) ?? '';
      check(/decoder\.out\.weight/.test(panel) && /gradient/i.test(panel), panel.slice(0, 300));
    },
  };
}

/** Controls without a name, in words. Runs in the page. */
function namelessControls(): string {
  const controls = [
    ...document.querySelectorAll<HTMLElement>('button, select, input:not([hidden]), a, canvas, img'),
  ];
  const nameOf = (control: HTMLElement): string =>
    control.getAttribute('aria-label') ??
    (control instanceof HTMLImageElement ? control.alt : '') +
      ((control as HTMLInputElement).labels?.[0]?.textContent ?? '') +
      (control.textContent ?? '');
  return controls
    .filter((control) => nameOf(control).trim() === '')
    .map((control) => control.outerHTML.slice(0, 100))
    .join('\n');
}

/** Texts whose contrast with their ground is below 4.5. Runs in the page. */
function faintTexts(): string {
  const numbers = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = numbers(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element: Element | null): string => {
    if (element === null) return 'rgb(255, 255, 255)';
    const colour = getComputedStyle(element).backgroundColor;
    return numbers(colour)[3] === 0 ? groundOf(element.parentElement) : colour;
  };
  const faults: string[] = [];
  for (const element of document.querySelectorAll<HTMLElement>('body *')) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.textContent?.trim() !== '',
    );
    if (!hasText || element.offsetParent === null) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faults.push(`${element.textContent?.trim().slice(0, 40)} (${contrast.toFixed(1)})`);
  }
  return faults.join('\n');
}

/** With the documents. */
export const documentTests: Readonly<Record<string, VisitorTest>> = {
  async 'a lesson and the API of Linear take at most two clicks'({ open, picture }) {
    const page = await open('index.html');
    await page.click('text=Nine lessons');
    await page.click('main a[href*="0"]');
    check(((await page.textContent('h1')) ?? '').startsWith('Lesson'), 'no lesson');
    const other = await open('index.html');
    await other.click('text="Linear"');
    check(((await other.textContent('h1')) ?? '').includes('Linear'), 'no API of Linear');
    await picture(other, 'api-linear');
  },

  async 'documents fit on a phone'({ open }) {
    const page = await open('docs/index.html', { size: 'phone' });
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['index.html', 'lessons/08-vae.html', 'docs/models.html', 'api/index.html']) {
      await page.goto(new URL(path, page.url().replace(/docs\/.*/, 'docs/')).href);
      const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      check(width <= 0, `${path} is ${width} pixels too wide for a phone`);
    }
  },
};
