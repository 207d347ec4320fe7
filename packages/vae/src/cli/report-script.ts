/**
 * The script inside the page of a comparison: values under the pointer, and figures in a window of their own with zoom.
 * It runs in the browser as it stands here, and uses neither a backtick nor a template placeholder.
 */
export const REPORT_SCRIPT: string = `
const tip = document.querySelector('#tip');
const dialog = document.querySelector('dialog');
const NEAR = 24;

/** The marks with a value: circles and bars, each with its text in a title element. */
const marksOf = (svg) => [...svg.querySelectorAll('circle, rect')].filter((mark) => mark.firstElementChild?.tagName === 'title');

function distance(mark, x, y) {
  const box = mark.getBoundingClientRect();
  const [dx, dy] = [Math.max(box.left - x, x - box.right, 0), Math.max(box.top - y, y - box.bottom, 0)];
  return Math.hypot(dx, dy);
}

function showValue(event) {
  const svg = event.target.closest?.('svg');
  let [best, least] = [null, NEAR];
  for (const mark of svg ? marksOf(svg) : []) {
    const away = distance(mark, event.clientX, event.clientY);
    if (away < least) [best, least] = [mark, away];
  }
  document.querySelector('.hit')?.classList.remove('hit');
  tip.hidden = best === null;
  if (best === null) return;
  best.classList.add('hit');
  (svg.closest('dialog') ?? document.body).append(tip);
  tip.textContent = best.firstElementChild.textContent;
  const room = innerWidth - tip.offsetWidth - 8;
  tip.style.left = Math.max(8, Math.min(room, event.clientX + 14)) + 'px';
  tip.style.top = event.clientY + 18 + 'px';
}

/** Scales the view of svg by factor around a point of the window. */
function zoom(svg, factor, x, y) {
  const view = svg.viewBox.baseVal;
  const [whole] = svg.dataset.whole.split(' ').map(Number).slice(2);
  const width = Math.min(whole, Math.max(whole / 40, view.width * factor));
  const scale = width / view.width;
  const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse());
  const values = [at.x - (at.x - view.x) * scale, at.y - (at.y - view.y) * scale, width, view.height * scale];
  svg.setAttribute('viewBox', width === whole ? svg.dataset.whole : values.join(' '));
}

function move(svg, dx, dy) {
  const view = svg.viewBox.baseVal;
  const scale = svg.getScreenCTM().a;
  svg.setAttribute('viewBox', [view.x - dx / scale, view.y - dy / scale, view.width, view.height].join(' '));
}

function open(figure) {
  const copy = figure.cloneNode(true);
  const svg = copy.querySelector('svg');
  svg.dataset.whole = svg.getAttribute('viewBox');
  copy.removeAttribute('tabindex');
  dialog.replaceChildren(copy);
  dialog.showModal();
}

/** The center of the window, for the keyboard. */
const middle = () => [innerWidth / 2, innerHeight / 2];

for (const figure of document.querySelectorAll('figure')) {
  figure.addEventListener('click', () => open(figure));
  figure.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') open(figure);
  });
}
addEventListener('pointermove', showValue);
dialog.addEventListener('wheel', (event) => {
  event.preventDefault();
  zoom(dialog.querySelector('svg'), Math.exp(event.deltaY / 400), event.clientX, event.clientY);
}, { passive: false });
dialog.addEventListener('pointermove', (event) => {
  if (event.buttons === 1) move(dialog.querySelector('svg'), event.movementX, event.movementY);
});
dialog.addEventListener('dblclick', () => {
  const svg = dialog.querySelector('svg');
  svg.setAttribute('viewBox', svg.dataset.whole);
});
dialog.addEventListener('keydown', (event) => {
  const svg = dialog.querySelector('svg');
  const steps = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  if (event.key === '+') zoom(svg, 0.8, ...middle());
  if (event.key === '-') zoom(svg, 1.25, ...middle());
  if (steps[event.key]) move(svg, ...steps[event.key]);
});
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
`;
