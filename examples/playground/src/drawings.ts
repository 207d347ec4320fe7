/** Drawings that were kept, and the button that trains on them. */
import { element } from '../../explorer/src/dom.js';
import { splitImages } from './data/split.js';
import type { OwnImages } from './messages.js';

/** A training needs at least two images. */
const LEAST = 2;

export class Drawings {
  readonly button: HTMLButtonElement;
  #images: Float32Array[] = [];
  #shape: readonly [number, number] = [28, 28];

  /** @param train - called with the drawings as images */
  constructor(train: (images: OwnImages) => void) {
    this.button = element('button', { type: 'button', id: 'train-drawings' });
    this.#show();
    this.button.addEventListener('click', () => {
      const images = this.#images.map((pixels) => ({ pixels, label: 0 }));
      train(splitImages(images, this.#shape, []));
    });
  }

  keep(image: Float32Array): void {
    this.#images.push(image);
    this.#show();
  }

  /** Drawings of another size are dropped. */
  fit(shape: readonly [number, number]): void {
    if (shape[0] === this.#shape[0] && shape[1] === this.#shape[1]) return;
    this.#shape = shape;
    this.#images = [];
    this.#show();
  }

  #show(): void {
    const count = this.#images.length;
    this.button.hidden = count === 0;
    this.button.disabled = count < LEAST;
    this.button.textContent =
      count < LEAST ? `${count} of ${LEAST} drawings kept` : `Train on the ${count} drawings`;
  }
}
