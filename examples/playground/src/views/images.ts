/** Rows of grey images: the decoded manifold, reconstructions, classes and styles. */
import { element } from '../../../explorer/src/dom.js';
import { Sheet, surface } from './canvas.js';

/** A grid of images. */
export interface ImageGrid {
  readonly canvas: HTMLCanvasElement;
  show(images: Float32Array, imageShape: readonly [number, number], columns: number): void;
}

/** The canvas keeps the shape of the grid; the style sheet gives its width. */
export function imageGrid(className: string, label: string): ImageGrid {
  const { canvas, begin } = surface(`images ${className}`, label);
  const sheet = new Sheet();
  return {
    canvas,
    show(images, imageShape, columns) {
      const picture = sheet.draw(images, imageShape, columns);
      canvas.style.aspectRatio = `${picture.width} / ${picture.height}`;
      const { context, width, height } = begin();
      context.imageSmoothingEnabled = width < picture.width;
      context.drawImage(picture, 0, 0, width, height);
    },
  };
}

/** A figure with a caption; the explanation is shown on hover and focus of the caption. */
export function figure(title: string, help: string, ...content: readonly (Node | string)[]): HTMLElement {
  return element('figure', {}, element('figcaption', {}, explained(title, help)), ...content);
}

/** A term with an explanation on hover and focus. */
export function explained(term: string, help: string): HTMLElement {
  return element(
    'span',
    { class: 'term', tabindex: 0 },
    term,
    element('span', { class: 'tip', role: 'tooltip' }, help),
  );
}
