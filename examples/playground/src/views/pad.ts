/** A pad to draw an image on, with a brush as soft as the pen of the digits. */
import { element } from '../../../explorer/src/dom.js';
import { Sheet, surface } from './canvas.js';

export interface Pad {
  readonly element: HTMLElement;
  /** Sets the size of the images, and empties the pad if it changed. */
  fit(imageShape: readonly [number, number]): void;
}

/**
 * @param drawn - called with a copy of the image; null: the pad is empty
 * @param kept - called with an image to train on
 */
export function pad(drawn: (image: Float32Array | null) => void, kept: (image: Float32Array) => void): Pad {
  const { canvas, begin } = surface('pad', 'Drawing pad: draw a digit with the pointer');
  const sheet = new Sheet();
  let shape: readonly [number, number] = [28, 28];
  let image = new Float32Array(28 * 28);
  let last: readonly [number, number] | null = null;

  const show = (): void => {
    const { context, width, height } = begin();
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet.draw(image, shape, 1), 0, 0, width, height);
  };
  const clear = (): void => {
    image.fill(0);
    show();
    drawn(null);
  };
  const keep = (): void => {
    if (image.every((value) => value === 0)) return;
    kept(image.slice());
    clear();
  };
  const at = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - left) / width) * shape[1], ((event.clientY - top) / height) * shape[0]];
  };
  const stroke = (to: readonly [number, number]): void => {
    const from = last ?? to;
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let i = 1; i <= steps; i++)
      dab(image, shape, from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
    last = to;
    show();
    drawn(image.slice());
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(at(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) stroke(at(event));
  });
  new ResizeObserver(show).observe(canvas);
  return {
    element: element(
      'div',
      { class: 'pad-box' },
      canvas,
      element(
        'div',
        { class: 'pad-buttons' },
        element('button', { type: 'button', class: 'small', click: clear }, 'Clear'),
        element(
          'button',
          { type: 'button', class: 'small', title: 'keep this drawing, to train on it', click: keep },
          'Keep',
        ),
      ),
    ),
    fit(imageShape) {
      if (imageShape[0] === shape[0] && imageShape[1] === shape[1]) return;
      shape = imageShape;
      image = new Float32Array(shape[0] * shape[1]);
      canvas.style.aspectRatio = `${shape[1]} / ${shape[0]}`;
      clear();
    },
  };
}

/** A round dab of about two pixels, added up to white. */
function dab(image: Float32Array, [height, width]: readonly [number, number], x: number, y: number): void {
  const radius = Math.max(1, width / 28) * 1.5;
  for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(height - 1, y + radius); row++)
    for (
      let column = Math.max(0, Math.floor(x - radius));
      column <= Math.min(width - 1, x + radius);
      column++
    ) {
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      const ink = Math.max(0, Math.min(1, 1.25 - distance / radius));
      image[row * width + column] = Math.max(image[row * width + column]!, ink);
    }
}
