/**
 * The script of an exported page, after the constants latent, classes, channels, height, width and controls, and the function decode. It runs in
 * the browser as it stands here, and uses neither a backtick nor a template placeholder.
 */
export const PAGE_SCRIPT: string = `
const $ = (selector) => document.querySelector(selector);
const picture = $('#picture');
const isNumbers = controls.kind === 'numbers';
const hasPlane = isNumbers && latent === 2;
const ranges = isNumbers ? controls.ranges : Array.from({ length: controls.groups }, () => [0, controls.table.length - 1]);
const order = isNumbers && !hasPlane ? controls.order : ranges.map((_, i) => i);
const middleOf = ([low, high]) => (isNumbers ? (low + high) / 2 : Math.floor((low + high) / 2));

/** The positions of the sliders, and the chosen class. */
let values = ranges.map(middleOf);
let label = classes > 0 ? 0 : undefined;

const codeOf = (positions) => (isNumbers ? positions : positions.flatMap((choice) => controls.table[choice]));

/** One or three channels, 0 black and 1 full, as colours. */
function paint(context, values, x, y) {
  const image = context.createImageData(width, height);
  const levels = Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  const size = height * width;
  for (let i = 0; i < size; i++) {
    const [red, green, blue] = channels === 3 ? [i, size + i, 2 * size + i] : [i, i, i];
    image.data.set([levels[red], levels[green], levels[blue], 255], 4 * i);
  }
  context.putImageData(image, x, y);
}

const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const anyOf = (list) => list[Math.floor(list.length * Math.random())];

function randomValues() {
  if (!isNumbers) return ranges.map(([, last]) => Math.floor((last + 1) * Math.random()));
  if (controls.codes === null) return ranges.map(normal);
  return [...anyOf(controls.codes[label] ?? controls.codes[0])];
}

const sliders = new Map();

function addSlider(index) {
  const [low, high] = ranges[index];
  const row = document.createElement('label');
  const name = document.createElement('span');
  name.append(isNumbers ? 'z' : 'choice ', Object.assign(document.createElement(isNumbers ? 'sub' : 'span'), { textContent: index + 1 }));
  const step = isNumbers ? (high - low) / 600 : 1;
  const slider = Object.assign(document.createElement('input'), { type: 'range', min: low, max: high, step });
  const output = document.createElement('output');
  slider.addEventListener('input', () => {
    values[index] = Number(slider.value);
    changed();
  });
  row.append(name, slider, output);
  $('#sliders').append(row);
  sliders.set(index, { slider, output });
}

let isDue = false;

/** Draws in the next frame, once. */
function changed() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

function draw() {
  isDue = false;
  paint(picture.getContext('2d'), decode(codeOf(values), label), 0, 0);
  for (const [index, { slider, output }] of sliders) {
    if (Number(slider.value) !== values[index]) slider.value = values[index];
    output.textContent = isNumbers ? values[index].toFixed(2).replace('-', '\\u2212') : values[index] + 1;
  }
  if (hasPlane) movePoint();
}

// The plane: pictures of a grid of codes, z1 to the right and z2 upwards, and the point of the current code.
const CELLS = 15;
const plane = $('#plane');
let drawing = 0;

/** Where a value is in its range, from 0 to 1; a random one may be outside. */
const placeOf = (value, [low, high]) => Math.min(1, Math.max(0, (value - low) / (high - low)));
const valueAt = (place, [low, high]) => low + Math.min(1, Math.max(0, place)) * (high - low);

function movePoint() {
  $('#point').style.left = 100 * placeOf(values[0], ranges[0]) + '%';
  $('#point').style.top = 100 * (1 - placeOf(values[1], ranges[1])) + '%';
}

/** Decodes one row of the grid after another, with pauses in which the page answers. */
async function drawPlane() {
  const own = ++drawing;
  const context = plane.firstElementChild.getContext('2d');
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const z = [valueAt((column + 0.5) / CELLS, ranges[0]), valueAt(1 - (row + 0.5) / CELLS, ranges[1])];
      paint(context, decode(z, label), column * width, row * height);
    }
    await new Promise((resolve) => setTimeout(resolve));
    if (own !== drawing) return;
  }
  plane.dataset.drawn = label ?? 'all';
}

function follow(event) {
  const box = plane.getBoundingClientRect();
  values = [valueAt((event.clientX - box.left) / box.width, ranges[0]), valueAt(1 - (event.clientY - box.top) / box.height, ranges[1])];
  changed();
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

if (hasPlane) {
  plane.hidden = false;
  Object.assign(plane.firstElementChild, { width: CELLS * width, height: CELLS * height });
  plane.addEventListener('pointerdown', (event) => {
    plane.setPointerCapture(event.pointerId);
    follow(event);
  });
  plane.addEventListener('pointermove', (event) => {
    if (plane.hasPointerCapture(event.pointerId)) follow(event);
  });
  plane.addEventListener('keydown', (event) => {
    const move = ARROWS[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const part = event.shiftKey ? 10 : 60;
    values = values.map((value, i) => valueAt(placeOf(value, ranges[i]) + move[i] / part, ranges[i]));
    changed();
  });
}

function choose(next) {
  label = next;
  $('#labels').querySelectorAll('input')[next].checked = true;
  changed();
  if (hasPlane) drawPlane();
}

for (let i = 0; i < classes; i++) {
  const button = document.createElement('label');
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'class', value: i, checked: i === 0 });
  radio.addEventListener('change', () => choose(i));
  button.append(radio, Object.assign(document.createElement('span'), { textContent: i }));
  $('#labels').append(button);
}
$('#labels').hidden = classes === 0;

const actions = {
  random() {
    values = randomValues();
    changed();
  },
  middle() {
    values = ranges.map(middleOf);
    changed();
  },
  save() {
    const scale = Math.max(1, Math.round(280 / Math.max(width, height)));
    const large = Object.assign(document.createElement('canvas'), { width: scale * width, height: scale * height });
    const context = large.getContext('2d');
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, 0, 0, large.width, large.height);
    Object.assign(document.createElement('a'), { href: large.toDataURL(), download: 'picture.png' }).click();
  },
};
for (const [id, act] of Object.entries(actions)) $('#' + id).addEventListener('click', act);
addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey) return;
  const id = { r: 'random', m: 'middle', s: 'save' }[key.toLowerCase()];
  if (id !== undefined) actions[id]();
  else if (/^[0-9]$/.test(key) && Number(key) < classes) choose(Number(key));
});

$('#sliders').dataset.kind = controls.kind;
order.forEach(addSlider);
draw();
if (hasPlane) drawPlane();
globalThis.decode = decode;
`;
