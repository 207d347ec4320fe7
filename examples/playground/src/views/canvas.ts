/** Canvases that are sharp on every screen, and grey images on them. */
import { element } from '../../../explorer/src/dom.js';

/** A canvas whose units are the pixels of the style sheet. */
export interface Surface {
  readonly canvas: HTMLCanvasElement;
  /** Empties the canvas. @returns what draws on it, and its size */
  begin(): { readonly context: CanvasRenderingContext2D; readonly width: number; readonly height: number };
}

/** @param label - the description for screen readers */
export function surface(className: string, label: string): Surface {
  const canvas = element('canvas', { class: className, role: 'img', 'aria-label': label });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  return {
    canvas,
    begin() {
      const { clientWidth: width, clientHeight: height } = canvas;
      const scale = window.devicePixelRatio;
      const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== columns || canvas.height !== rows) {
        canvas.width = columns;
        canvas.height = rows;
      }
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      return { context, width, height };
    },
  };
}

/** The colours that the style sheet gives a canvas, for light and dark. */
export function inkOf(canvas: HTMLCanvasElement): { readonly text: string; readonly line: string } {
  const { color, borderTopColor } = getComputedStyle(canvas);
  return { text: color, line: borderTopColor };
}

/** Grey images of one size, drawn side by side in one picture that the canvas then scales. */
export class Sheet {
  readonly #picture: HTMLCanvasElement = document.createElement('canvas');
  readonly #context: CanvasRenderingContext2D = this.#picture.getContext('2d') as CanvasRenderingContext2D;

  #data: ImageData = new ImageData(1, 1);

  /** @param images - image after image, values from 0 to 1; @param columns - images in a row */
  draw(images: Float32Array, [height, width]: readonly [number, number], columns: number): HTMLCanvasElement {
    const count = images.length / (height * width);
    const rows = Math.ceil(count / columns);
    if (this.#data.width !== columns * width || this.#data.height !== rows * height) {
      this.#picture.width = columns * width;
      this.#picture.height = rows * height;
      this.#data = this.#context.createImageData(columns * width, rows * height);
    }
    const bytes = new Uint32Array(this.#data.data.buffer).fill(0xff000000);
    for (let i = 0; i < images.length; i++) {
      const image = Math.floor(i / (height * width));
      const row = Math.floor((i % (height * width)) / width);
      const at =
        (Math.floor(image / columns) * height + row) * columns * width +
        (image % columns) * width +
        (i % width);
      const grey = Math.max(0, Math.min(255, Math.round(images[i]! * 255)));
      bytes[at] = 0xff000000 | (grey * 0x010101);
    }
    this.#context.putImageData(this.#data, 0, 0);
    return this.#picture;
  }
}
