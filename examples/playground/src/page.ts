/** The page: connects its controls with the panels. */
import { startServiceWorker } from '../../../site/start-service-worker.js';
import { byId, element } from '../../explorer/src/dom.js';
import { nextTheme, restoreTheme } from '../../explorer/src/theme.js';
import { decodeAddress } from './address.js';
import { Drawings } from './drawings.js';
import { listenToFiles } from './own-images.js';
import { Playground } from './playground.js';
import { PRESETS } from './presets.js';
import { pad } from './views/pad.js';

restoreTheme();
const playground = new Playground();

function fillMenus(): void {
  byId('preset').append(...PRESETS.map(({ id, title }) => element('option', { value: id }, title)));
}

function changeTheme(): void {
  nextTheme();
  playground.draw();
}

function listenToControls(): void {
  const press = (id: string, action: () => unknown): void =>
    byId(id).addEventListener('click', () => action());
  press('play', () => playground.playOrPause());
  press('step', () => playground.oneStep());
  press('reset', () => playground.restart());
  press('explore', () => playground.explore());
  press('copy', () => playground.copy());
  press('save', () => playground.save());
  press('second', () => playground.toggleSecond());
  press('theme', changeTheme);
  const select = (id: string, action: (value: string) => void): void => {
    const menu = byId<HTMLSelectElement>(id);
    menu.addEventListener('change', () => action(menu.value));
  };
  select('speed', (value) => playground.setSpeed(Number(value)));
  select('preset', (value) => playground.open(decodeAddress(`preset=${value}`)));
  select('label', (value) => playground.look({ label: Number(value) }));
  select('colour', (value) => playground.look({ colourBy: value }));
  byId('notice')
    .querySelector('button')
    ?.addEventListener('click', () => playground.notify(''));
}

function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    const isTyping =
      (event.target as Element).closest('input, select, textarea, button, summary, [tabindex="0"]') !== null;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      ' ': () => playground.playOrPause(),
      '.': () => playground.oneStep(),
      r: () => playground.restart(),
      t: changeTheme,
    }[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

fillMenus();
listenToControls();
listenToKeys();
listenToFiles(
  (images) => playground.openImages(images),
  (message) => playground.notify(message),
);
const drawings = new Drawings((images) => playground.openImages(images));
const drawing = pad(
  (image) => playground.look({ probe: image }),
  (image) => drawings.keep(image),
);
byId('draw').append(drawing.element, drawings.button);
playground.onShape = (shape) => {
  drawing.fit(shape);
  drawings.fit(shape);
};
new ResizeObserver(() => playground.draw()).observe(byId('panels'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => playground.draw());
window.addEventListener('hashchange', () => {
  if (location.hash !== playground.hash) playground.open(decodeAddress(location.hash));
});
playground.open(decodeAddress(location.hash));
if (!(await startServiceWorker('../service-worker.js'))) playground.missServiceWorker();
