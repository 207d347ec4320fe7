/** The playground in browsers that refuse something, in quick hands, and with addresses and files that are not as expected. */
import { check } from './in-page.js';
import type { VisitorTest } from './page-tests.js';
import { numberOf, opened, PLAYGROUND, paused, set, stateOf, waitForSteps } from './playground-actions.js';

const noticeOf = '#notice:not([hidden]) p';

export const refusalTests: Readonly<Record<string, VisitorTest>> = {
  async 'clicks that come faster than they are carried out all count'(visitor) {
    const page = await opened(visitor);
    await page.evaluate(() => {
      for (const id of ['reset', 'step', 'step', 'step']) document.getElementById(id)?.click();
    });
    await waitForSteps(page, 3);
    check((await paused(page)) === 3, 'three clicks on Step are not three steps');
  },

  async 'a setting that is changed while the model is built takes effect'(visitor) {
    const page = await opened(visitor);
    await page.evaluate(() => {
      document.getElementById('reset')?.click();
      const rate = document.getElementById('learningRate') as HTMLInputElement;
      rate.value = '1e-7';
      rate.dispatchEvent(new Event('change'));
    });
    await waitForSteps(page, 30);
    const recon = await numberOf(page, 'recon');
    check(recon > 500, `with a learning rate of 1e-7, recon falls to ${recon}`);
  },

  async 'the keyboard reaches every control while the training runs'(visitor) {
    const page = await opened(visitor);
    const reached = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.closest('[id]')?.id ?? '');
    for (let i = 0; i < 100 && (await reached()) !== 'second'; i++) {
      await page.keyboard.press('Tab');
      await page.waitForTimeout(120); // a frame
    }
    check((await reached()) === 'second', 'Tab does not get to the last control');
    const group = page.locator('#settings details').first();
    await group.locator('summary').press('Space');
    check((await group.getAttribute('open')) === null, 'Space does not close a group of settings');
    check((await page.textContent('#play')) === 'Pause', 'Space pauses');
  },

  async 'no explanation is cut, on a phone either'(visitor) {
    for (const size of ['desktop', 'phone'] as const) {
      const page = await opened(visitor, '', 3, { size });
      for (const term of await page.locator('.term:visible').all()) {
        await term.focus();
        const { name, isCut } = await term.evaluate((element) => {
          const { left, right } = element.querySelector('.tip')!.getBoundingClientRect();
          const isCut = left < 0 || right > innerWidth || document.documentElement.scrollWidth > innerWidth;
          return { name: element.textContent, isCut };
        });
        check(!isCut, `${size}: ${name}`);
      }
    }
  },

  async 'a fault disappears with the value that it is about'(visitor) {
    const page = await opened(visitor);
    await set(page, 'latent', '1');
    check((await page.textContent('#latent-fault')) !== '', 'no fault');
    await set(page, 'seed', '3');
    check((await page.inputValue('#latent')) === '2', 'the value is not the one of the training');
    check((await page.textContent('#latent-fault')) === '', 'the fault is still there');
    check((await page.getAttribute('#latent', 'aria-invalid')) === 'false', 'the field is still invalid');
  },

  async 'an address may have any words'(visitor) {
    const page = await opened(visitor, 'preset=__proto__&colour=constructor&b.model=<img>&label=1e9', 5);
    check((await page.inputValue('#preset')) === 'good', 'another preset');
  },

  async 'without a model, no tab is left and every button says why'(visitor) {
    const page = await visitor.open(`${PLAYGROUND}#data=own`);
    await page.waitForSelector(noticeOf);
    for (const button of ['#explore', '#save']) {
      await page.click('#notice button');
      await page.click(button);
      await page.waitForSelector(noticeOf);
      check(/No images are open/.test((await page.textContent(noticeOf)) ?? ''), `${button}: no reason`);
    }
    check(page.context().pages().length === 1, 'a tab is left');
  },

  async 'one of two models fails, and the other one goes on'(visitor) {
    const page = await opened(visitor, 'second=yes&b.optimizer=sgd&b.learningRate=0.1', 0);
    await page.waitForSelector('#failure:not([hidden])');
    check(/^Second model, step/.test((await page.textContent('#failure')) ?? ''), 'which model?');
    check((await page.textContent('#play')) === 'Pause', 'the button says that no model runs');
    await waitForSteps(page, (await numberOf(page, 'step')) + 20);
    await Promise.all([page.waitForEvent('download'), page.click('#save')]);
    check((await page.textContent('#play')) === 'Play', 'it is not paused');
    const steps = await paused(page);
    await page.waitForTimeout(500);
    check((await numberOf(page, 'step')) === steps, 'a model goes on behind a button that says Play');
  },

  async 'a drawing does not meet a model of another image size'(visitor) {
    const page = await opened(visitor);
    const box = (await page.locator('.pad').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.waitForSelector('.pair figure:last-child canvas', { state: 'visible' });
    const rows = Array.from({ length: 20 }, (_, i) => [i % 2, 0, 1, 0.5].join());
    await page.setInputFiles('#files', {
      name: 'small.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(rows.join('\n')),
    });
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('18 training and 2 test'),
    );
    await waitForSteps(page, 5);
    check(await page.isHidden('#notice'), (await page.textContent('#notice p')) ?? '');
    check((await stateOf(page)).get('batchSize') === null, 'the batch size was changed');
  },

  async 'a dropped CSV file is read, and a drop without files says so'(visitor) {
    const page = await opened(visitor);
    const drop = (names: readonly string[]): Promise<void> =>
      page.evaluate((names) => {
        const dataTransfer = new DataTransfer();
        for (const name of names) dataTransfer.items.add(new File(['0,1,0,1\n1,0,1,0\n1,1,1,0'], name));
        if (names.length === 0) Object.defineProperty(dataTransfer, 'types', { value: ['Files'] });
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
      }, names);
    await drop(['rows.csv']);
    await page.waitForFunction(() =>
      document.getElementById('machine')?.textContent?.includes('2 training and 1 test'),
    );
    for (const [names, reason] of [
      [[], 'No pictures were found'],
      [['a.csv', 'b.csv'], 'One CSV file is read at a time, found 2.'],
    ] as const) {
      await drop(names);
      await page.waitForSelector(`#notice:has-text("${reason}")`);
    }
  },

  async 'no workers, no clipboard, no storage, no service worker: a sentence each'({ open }) {
    const page = await open(PLAYGROUND);
    const reopened = async (refusal: () => void): Promise<void> => {
      await page.addInitScript(refusal);
      await page.reload();
    };
    await reopened(() => {
      Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });
      Object.defineProperty(globalThis, 'caches', { value: undefined });
      Reflect.deleteProperty(Navigator.prototype, 'serviceWorker');
    });
    await waitForSteps(page, 3);
    check(/refuses the service worker/.test((await page.textContent('#machine')) ?? ''), 'service worker');
    for (const [button, file] of [
      ['#copy', 'training.ts'],
      ['#explore', 'step.json'],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
      check(download.suggestedFilename() === file, download.suggestedFilename());
      await page.waitForSelector(`#notice:has-text("${file}")`);
    }
    await reopened(() => {
      Reflect.deleteProperty(globalThis, 'Worker');
    });
    await page.waitForSelector(noticeOf);
    check(/needs a worker/.test((await page.textContent(noticeOf)) ?? ''), 'worker');
  },
};
