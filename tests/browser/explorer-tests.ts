/** User actions in the explorer, and their expected results. */
import { type Graph, toJSON } from '@varigrad/core/trace';
import type { Page } from 'playwright-core';
import { presets } from '../../examples/explorer/src/presets/list.js';
import type { Exhibit, Preset } from '../../examples/explorer/src/presets/preset.js';
import type { Explorer } from './explorer.js';
import { checkFingers, checkMouse } from './explorer-pan-zoom.js';
import { checkNumbers, checkShown, expectedSteps, readShown } from './explorer-panel.js';
import { check } from './in-page.js';

/** A test passes unless it throws; a returned string is printed beside its name. */
export type ExplorerTest = (explorer: Explorer) => Promise<unknown>;

/** Selects a preset in the menu. */
async function choose(page: Page, id: string): Promise<void> {
  await page.selectOption('#preset', id);
  await page.waitForFunction((id) => location.hash.startsWith(`#preset=${id}`), id);
}

/** Presses a key at each step and compares what is shown with the graph, forward and back. @returns the number of steps */
async function scrub(page: Page, graph: Graph): Promise<number> {
  const steps = expectedSteps(graph);
  for (const wanted of steps) {
    if (wanted.step > 0) await page.keyboard.press('ArrowRight');
    checkShown(await readShown(page), wanted);
  }
  for (const wanted of steps.toReversed()) {
    checkShown(await readShown(page), wanted);
    await page.keyboard.press('ArrowLeft');
  }
  return steps.length;
}

/** Compares the expected numbers of a preset, derived by hand, with the numbers shown after the last step. */
async function checkAnnounced(page: Page, { graph, expected }: Exhibit): Promise<void> {
  await page.keyboard.press('End');
  for (const { node: name, of, numbers } of expected) {
    const id = graph.nodes.find((node) => node.name === name)!.id;
    await page.click('#tabs [data-tab=nodes]');
    await page.click(`#node-list [data-node-link="${id}"]`);
    const { panel, node } = await readShown(page);
    check(node === id, `node ${node} is in focus, not ${id}`);
    const found = panel.get(of);
    const where = `${name}, ${of}`;
    if (numbers === 'none') check(found === undefined, `${where} is there`);
    else checkNumbers(found, { values: numbers, statistics: false }, where);
  }
}

async function checkPreset(page: Page, { id, title, verdict, run }: Preset): Promise<number> {
  await choose(page, id);
  const exhibit = run();
  const about = (await page.textContent('#about')) ?? '';
  check(about.includes(title), `the page does not say ${title}`);
  if (verdict !== undefined) check(about.includes(verdict), `the page does not say ${verdict}`);
  for (const { tool } of exhibit.findings) check(about.includes(tool), `the page does not say ${tool}`);
  const steps = await scrub(page, exhibit.graph);
  await checkAnnounced(page, exhibit);
  return steps;
}

/** The state in a page's address. */
async function stateOf(page: Page): Promise<Readonly<Record<string, string>>> {
  const hash = await page.evaluate(() => location.hash.slice(1));
  return Object.fromEntries(new URLSearchParams(hash));
}

/** Presses a key and checks a part of the address; undefined: it must be absent. */
async function press(page: Page, key: string, part: string, wanted: number | undefined): Promise<void> {
  await page.keyboard.press(key);
  const found = (await stateOf(page))[part];
  check(found === wanted?.toString(), `after ${key}: ${part}=${found}, not ${wanted}`);
}

async function checkMovingKeys({ open }: Explorer): Promise<void> {
  const page = await open('preset=vae-step');
  const { graph } = presetOf('vae-step').run();
  const steps = expectedSteps(graph);
  const [operations, last] = [graph.nodes.filter(({ op }) => op !== 'leaf'), steps.length - 1];
  await press(page, 'b', 'step', operations.length + 1);
  await press(page, 'End', 'step', last);
  await press(page, 'ArrowRight', 'step', last);
  await press(page, 'ArrowLeft', 'step', last - 1);
  await press(page, 'Home', 'step', undefined);
  await press(page, 'ArrowLeft', 'step', undefined);
  await press(page, 'ArrowRight', 'step', 1);
  // Around a node that has operands and a consumer.
  const step = operations.findIndex(({ inputs }) => operations.some(({ id }) => id === inputs[0])) + 1;
  const node = operations[step - 1]!;
  for (let i = 1; i < step; i++) await page.keyboard.press('ArrowRight');
  await press(page, 'ArrowUp', 'focus', node.inputs[0]!);
  const firstConsumer = graph.nodes.find(({ inputs }) => inputs.includes(node.inputs[0]!))!;
  await press(page, 'ArrowDown', 'focus', firstConsumer.id);
  await press(page, 'Escape', 'focus', undefined);
  await page.keyboard.press('ArrowUp');
  await press(page, 'v', 'step', operations.findIndex(({ id }) => id === node.inputs[0]) + 1);
  const turn = graph.backward!.findIndex(({ node: id }) => id === node.inputs[0]);
  await press(page, 'g', 'step', operations.length + 1 + turn);
}

async function checkOtherKeys({ open, picture }: Explorer): Promise<void> {
  const page = await open('preset=vae-step');
  const scale = (): Promise<string | null> => page.getAttribute('#graph > g', 'transform');
  const fitted = await scale();
  await page.keyboard.press('+');
  const larger = await scale();
  check(larger !== fitted, '+ does not change the picture');
  await page.keyboard.press('-');
  check((await scale()) !== larger, '- does not change the picture');
  const theme = (): Promise<string | null> => page.getAttribute('html', 'data-theme');
  const before = await theme();
  await page.keyboard.press('t');
  check((await theme()) !== before, 't does not change the colours');
  await page.keyboard.press('?');
  check(await page.isVisible('#help'), '? does not show the keys');
  await picture(page, 'keys');
  await page.keyboard.press('Escape');
  check(!(await page.isVisible('#help')), 'Escape does not close the list of keys');
  await page.keyboard.press('p');
  check(await page.isVisible('#program'), 'p does not open the editor');
  await page.keyboard.press('Escape');
  check(!(await page.isVisible('#program')), 'Escape does not close the editor');
  await page.waitForFunction(() => document.activeElement === document.body); // until then the editor receives the keys
  await page.keyboard.press('Space');
  await page.waitForFunction(() => /step=[2-9]/.test(location.hash));
  await page.keyboard.press('Space');
  const { step } = await stateOf(page);
  await page.waitForTimeout(1200);
  check((await stateOf(page)).step === step, 'Space does not stop it');
}

async function checkSearchAndModules({ open, picture }: Explorer): Promise<void> {
  const page = await open('preset=vae-step');
  const { graph } = presetOf('vae-step').run();
  await page.keyboard.press('/');
  await page.keyboard.type('exp');
  const listed = await page.$$eval('#node-list [data-node-link]', (rows) =>
    rows.map((row) => Number((row as HTMLElement).dataset.nodeLink)),
  );
  const exps = graph.nodes.filter(({ op }) => op.toLowerCase().includes('exp')).map(({ id }) => id);
  check(exps.length > 0 && exps.every((id) => listed.includes(id)), `exp finds ${listed}, not ${exps}`);
  check(listed.length < graph.nodes.length, 'a search lists all nodes');
  await picture(page, 'search');
  await page.keyboard.press('Enter');
  check((await stateOf(page)).focus === String(listed[0]), 'Enter does not choose the first');
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  const boxes = (): Promise<number> => page.locator('#graph g.box').count();
  const all = await boxes();
  await page.click('#tabs [data-tab=modules]');
  await page.click('#close-all');
  const closed = await boxes();
  check(closed < all, `${closed} boxes with all modules closed, ${all} before`);
  check(
    /^[a-z,]+$/i.test((await stateOf(page)).collapsed ?? ''),
    'the address does not hold the closed modules',
  );
  await picture(page, 'modules-closed');
  await page.click('#open-all');
  check((await boxes()) === all, 'opening all modules does not bring all boxes back');
}

async function checkAddress({ open }: Explorer): Promise<void> {
  const page = await open('preset=vae-step');
  for (const key of ['b', 'ArrowRight', 'ArrowRight', 'ArrowUp']) await page.keyboard.press(key);
  await page.click('#tabs [data-tab=modules]');
  await page.click('[data-toggle-module=encoder]');
  // Without the node's details, whose times differ.
  const seen = async (): Promise<string> => {
    const parts = '#step-text, #node-title, #node-formula, #node-value, #node-gradient, #node-operands';
    return [await page.evaluate(() => location.hash), ...(await page.locator(parts).allTextContents())].join(
      ' ',
    );
  };
  const before = await seen();
  for (const part of ['preset=vae-step', 'step=', 'focus=', 'collapsed=encoder'])
    check(before.includes(part), `${part} is missing from the address: ${before.slice(0, 100)}`);
  await page.reload();
  await page.waitForSelector('body[data-ready]');
  check((await seen()) === before, `after reload: ${await seen()}\nbefore: ${before}`);
  await choose(page, 'scalar');
  await page.goBack();
  await page.waitForFunction(() => location.hash.includes('preset=vae-step'));
  check((await page.inputValue('#preset')) === 'vae-step', 'going back does not open what was open');
}

async function checkOddAddresses({ open }: Explorer): Promise<void> {
  const last = await open('preset=scalar&step=999999&focus=999999&collapsed=nothing');
  const steps = expectedSteps(presetOf('scalar').run().graph);
  checkShown(await readShown(last), steps.at(-1)!);
  const unknown = await open('preset=%3Cscript%3E&step=-1&focus=x&collapsed=%');
  check((await readShown(unknown)).step === 0, 'an unknown preset does not open the first');
  check(
    /<script>/.test((await unknown.textContent('#notice')) ?? ''),
    'the page does not say what is unknown',
  );
}

/** Runs a new program in the page, and opens a valid and a broken file. */
async function checkProgramAndFile({ open, picture }: Explorer): Promise<void> {
  const page = await open('preset=scalar');
  await page.keyboard.press('p');
  await page.fill('#program-text', "import { tensor } from '@varigrad/core';\nexport default () => oops;\n");
  await page.click('#run-program');
  await page.waitForSelector('#program-error:not([hidden])');
  check(/oops/.test((await page.textContent('#program-error')) ?? ''), 'the mistake is not named');
  await picture(page, 'program');
  await page.fill(
    '#program-text',
    "import { tensor } from '@varigrad/core';\nconst w = tensor([3, 4]).requiresGrad_().named('w');\nexport default () => w.square().sum();\n",
  );
  await page.click('#run-program');
  await page.waitForFunction(() => location.hash.includes('preset=program'));
  await page.click('#tabs [data-tab=nodes]');
  await page.keyboard.press('End');
  await page.click('#node-list [data-node-link="0"]');
  checkNumbers(
    (await readShown(page)).panel.get('gradient'),
    { values: [6, 8], statistics: false },
    '∂w²/∂w',
  );
  const { graph } = presetOf('softmax-classifier').run();
  const file = (text: string): { name: string; mimeType: string; buffer: Buffer } => {
    return { name: 'graph.json', mimeType: 'application/json', buffer: Buffer.from(text) };
  };
  await page.setInputFiles('#file', file(toJSON(graph)));
  await page.waitForFunction(() => location.hash.includes('preset=file'));
  await page.keyboard.press('Home');
  await scrub(page, graph);
  await page.setInputFiles('#file', file(toJSON(graph).slice(0, 100)));
  await page.waitForSelector('#notice:not([hidden])');
  check(/graph\.json/.test((await page.textContent('#notice')) ?? ''), 'the broken file is not named');
  await picture(page, 'broken-file');
}

/** Nothing is wider than the window, and all controls are inside it. */
async function checkLayout(explorer: Explorer, size: 'desktop' | 'phone', theme: string): Promise<void> {
  const page = await explorer.open('preset=scalar', size);
  await page.emulateMedia({ colorScheme: theme === 'dark' ? 'dark' : 'light' });
  for (const { id, run } of presets) {
    await choose(page, id);
    const { graph } = run();
    const turns = graph.backward?.length ?? 0;
    const step = graph.nodes.filter(({ op }) => op !== 'leaf').length + Math.ceil(turns / 2);
    for (const tab of size === 'phone' ? ['about', 'node', 'nodes', 'code'] : ['about']) {
      if (!(await page.isVisible(`#tabs [data-tab=${tab}]`))) continue;
      await page.click(`#tabs [data-tab=${tab}]`);
      await page.fill('#step', String(step));
      const { wide, outside, cut } = await page.evaluate(() => {
        const pane = document.getElementById('graph')!.getBoundingClientRect();
        const boxes = [...document.querySelectorAll('#graph .box')].map((box) => box.getBoundingClientRect());
        const left = Math.min(...boxes.map((box) => box.left));
        const right = Math.max(...boxes.map((box) => box.right));
        const top = Math.min(...boxes.map((box) => box.top));
        const bottom = Math.max(...boxes.map((box) => box.bottom));
        return {
          wide: document.documentElement.scrollWidth - window.innerWidth,
          outside: ['preset', 'step', 'forward', 'back', 'graph-pane'].filter((name) => {
            const box = document.getElementById(name)!.getBoundingClientRect();
            return box.left < 0 || box.right > innerWidth || box.top < 0 || box.bottom > innerHeight;
          }),
          cut: [
            ...(right - left < pane.width && (left < pane.left || right > pane.right) ? ['across'] : []),
            ...(bottom - top < pane.height && (top < pane.top || bottom > pane.bottom) ? ['down'] : []),
          ],
        };
      });
      check(wide <= 0, `${id}, ${tab}: ${wide} pixels wider than the window`);
      check(outside.length === 0, `${id}, ${tab}: outside of the window: ${outside}`);
      check(cut.length === 0, `${id}, ${tab}: the graph has room, ${cut}, and is cut off`);
      await explorer.picture(page, `${size}-${theme}-${id}-${tab}`);
    }
  }
}

function presetOf(id: string): Preset {
  const found = presets.find((preset) => preset.id === id);
  check(found !== undefined, `there is no preset ${id}`);
  return found;
}

export const explorerTests: Readonly<Record<string, ExplorerTest>> = {
  'every preset opens; every step forward and back shows the numbers of the graph and those derived by hand':
    async ({ open }) => {
      const page = await open('');
      let steps = 0;
      for (const preset of presets) steps += await checkPreset(page, preset);
      return `${presets.length} presets, ${steps} steps each way`;
    },
  'keys move through steps and nodes': checkMovingKeys,
  'keys for scale, colours, help, program and play': checkOtherKeys,
  'the mouse and the wheel move and scale the picture': checkMouse,
  'one finger moves the picture, two scale it': checkFingers,
  'search finds nodes; modules close and open': checkSearchAndModules,
  'the address stores the state: it survives a reload, and the back button works': checkAddress,
  'invalid addresses': checkOddAddresses,
  'a new program, a file, a broken file': checkProgramAndFile,
  'on a desktop: everything is in the window': (explorer) => checkLayout(explorer, 'desktop', 'light'),
  'on a phone: everything is in the window': (explorer) => checkLayout(explorer, 'phone', 'dark'),
};
