/** The views of one model, side by side, and the numbers above them. */
import { element, refill } from '../../../explorer/src/dom.js';
import type { Settings } from '../engine/settings.js';
import { MANIFOLD, REACH, SHOWN, STYLES } from '../engine/view.js';
import type { Progress, Started } from '../messages.js';
import { type Bar, showBars } from './bars.js';
import { CURVE_COLOURS, type CurvePoint, type Curves, curves, short } from './curves.js';
import { explained, figure, imageGrid } from './images.js';
import { type Plane, type Point, plane } from './plane.js';

/** What the user looks at, in both panels. */
export interface Look {
  readonly point: Point;
  readonly label: number;
  readonly probe: Float32Array | null;
  readonly colourBy: string;
}

/** What is shown: a frame, and the training that it belongs to. */
export interface Shown {
  readonly progress: Progress;
  readonly facts: Started;
  readonly settings: Settings;
  readonly look: Look;
}

/** The numbers above the views, with their explanations. */
const NUMBERS = {
  step: 'Updates of the weights so far.',
  epoch: 'Passes over the training images, counted from 1.',
  recon: 'Reconstruction loss of the last training steps, nats per image.',
  KL: 'KL of the last training steps, nats per image.',
  'ms/step': 'Milliseconds per step, the pictures included.',
} as const;

export class ModelViews {
  readonly element: HTMLElement;
  #curves: Curves = curves();
  readonly #plane: Plane;
  readonly #manifold = imageGrid(
    'manifold',
    'Decoded manifold: the images of a grid of points of the latent plane',
  );
  readonly #styles = imageGrid('styles', 'Classes in rows, styles in columns');
  readonly #originals = imageGrid('strip', 'Test images');
  readonly #reconstructions = imageGrid('strip', 'Their reconstructions');
  readonly #decoded = imageGrid('single', 'The image decoded from the point');
  readonly #probe = imageGrid('single', 'Reconstruction of the drawn image');
  readonly #kl = element('ul', { class: 'bars', 'aria-label': 'KL of each latent dimension, in nats' });
  readonly #gradients = element('ul', { class: 'bars', 'aria-label': 'Gradient norm of each parameter' });
  readonly #values = new Map(
    (Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]).map((name) => [
      name,
      element('dd', { 'data-number': name }),
    ]),
  );
  readonly #numbers = element(
    'dl',
    { class: 'numbers' },
    ...Array.from(this.#values, ([name, value]) =>
      element('div', {}, element('dt', {}, explained(name, NUMBERS[name])), value),
    ),
  );
  readonly #title = element('h2', {});
  readonly #klTitle = element('span', { class: 'count' });
  readonly #stylesFigure: HTMLElement;
  readonly #klFigure: HTMLElement;
  readonly #curvesBox = element('div', { class: 'curves-box' });

  /** @param name - for screen readers; @param moved - called when the user moves the point */
  constructor(name: string, moved: (point: Point) => void) {
    this.#plane = plane(moved);
    this.#manifold.canvas.addEventListener('pointerdown', (event) => moved(this.#pointOf(event)));
    this.#stylesFigure = figure(
      'Class × style',
      'Each row is a class, each column one code z. A conditional VAE keeps the class out of z.',
      this.#styles.canvas,
    );
    this.#klFigure = figure(
      'KL per dimension',
      'Mean KL of each dimension of z over the test images, in nats. A dimension is active if its code varies over the images (variance above 0.01).',
      this.#klTitle,
      this.#kl,
    );
    this.#klFigure.classList.add('last'); // on a phone
    this.element = element(
      'section',
      { class: 'panel', 'aria-label': name },
      this.#title,
      this.#numbers,
      element(
        'div',
        { class: 'views' },
        column(
          figure(
            'Latent plane',
            'The mean μ of q(z|x) for 500 test images, coloured by class. The circles are one and two standard deviations of the prior N(0, I); the dashed square is the part that the manifold shows. Drag the cross: its code is decoded.',
            this.#plane.canvas,
          ),
          this.#klFigure,
        ),
        column(
          figure(
            'Decoded manifold',
            'What the decoder makes of the points of the dashed square. All other dimensions of z are 0. Click to put the cross there.',
            this.#manifold.canvas,
          ),
          this.#stylesFigure,
          element(
            'div',
            { class: 'pair' },
            figure('Point', 'The image decoded from the cross in the latent plane.', this.#decoded.canvas),
            figure(
              'Drawing',
              'Draw on the pad: the ellipses in the plane are one and two standard deviations of its q(z|x), and this is its reconstruction.',
              this.#probe.canvas,
              element('p', { class: 'hint small-text' }, 'Draw a digit on the pad.'),
            ),
          ),
        ),
        column(
          figure(
            'Test images and reconstructions',
            'Above: images that the model does not train on. Below: what the decoder makes of their codes.',
            this.#originals.canvas,
            this.#reconstructions.canvas,
          ),
          figure(
            'Loss',
            'Nats per image. recon is −log p(x|z), summed over the pixels; KL is KL(q(z|x) ‖ p(z)). Their sum on the test images is the negative ELBO, a bound on −log p(x).',
            legend(),
            this.#curvesBox,
          ),
          figure(
            'Gradient norms',
            'Euclidean norm of the gradient of each parameter in the last step, on a logarithmic scale.',
            this.#gradients,
          ),
        ),
      ),
    );
  }

  /** Begins another training. */
  reset(title: string): void {
    this.setTitle(title);
    for (const value of this.#values.values()) value.textContent = '';
    this.#curves = curves();
    refill(this.#curvesBox, this.#curves.canvas);
  }

  setTitle(title: string): void {
    this.#title.textContent = title;
  }

  addTraining(point: CurvePoint): void {
    this.#curves.addTraining(point);
  }

  addTest(point: CurvePoint): void {
    this.#curves.addTest(point);
  }

  show(shown: Shown): void {
    const { progress, facts, settings, look } = shown;
    const { frame } = progress;
    const { imageShape, classNames, factors } = facts;
    const factor = Object.hasOwn(factors, look.colourBy) ? factors[look.colourBy]! : null; // an address may have any word
    this.#plane.show({ frame, latent: settings.latent, classNames, factor, point: look.point });
    this.#manifold.show(frame.manifold, imageShape, MANIFOLD);
    this.#stylesFigure.hidden = frame.styles === null;
    if (frame.styles !== null) this.#styles.show(frame.styles, imageShape, STYLES);
    this.#originals.show(frame.originals, imageShape, SHOWN);
    this.#reconstructions.show(frame.reconstructions, imageShape, SHOWN);
    if (frame.decoded !== null) this.#decoded.show(frame.decoded, imageShape, 1);
    this.#probe.canvas.classList.toggle('empty', look.probe === null);
    if (frame.probe !== null) this.#probe.show(frame.probe.image, imageShape, 1);
    this.#curves.draw();
    this.#showBars(shown);
    this.#showNumbers(progress);
  }

  /** The point of the plane whose image was clicked. */
  #pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = this.#manifold.canvas.getBoundingClientRect();
    const cell = (part: number): number => Math.floor(part * MANIFOLD) / (MANIFOLD - 1);
    const x = 2 * cell((event.clientX - left) / width) - 1;
    const y = 1 - 2 * cell((event.clientY - top) / height);
    return [REACH * x, REACH * y];
  }

  #showBars({ progress: { frame }, settings: { latent } }: Shown): void {
    const { kl, active, gradients } = frame;
    const isActive = (i: number): boolean => active.includes(i);
    const bars = [...kl].map((value, i): Bar => ({ name: `z${i}`, value, isFaint: !isActive(i) }));
    this.#klTitle.textContent = `${active.length} of ${latent} active`;
    showBars(this.#kl, bars);
    showBars(
      this.#gradients,
      gradients.map(({ name, norm }) => ({ name, value: norm })),
      true,
    );
  }

  /** Changes the numbers alone: their names may have the focus. */
  #showNumbers({ step, epoch, recon, kl, msPerStep }: Progress): void {
    const texts: Readonly<Record<keyof typeof NUMBERS, string>> = {
      step: String(step),
      epoch: String(epoch),
      recon: Number.isNaN(recon) ? '–' : short(recon),
      KL: Number.isNaN(kl) ? '–' : short(kl),
      'ms/step': short(msPerStep),
    };
    for (const [name, value] of this.#values) value.textContent = texts[name];
  }
}

function column(...figures: readonly HTMLElement[]): HTMLElement {
  return element('div', { class: 'column' }, ...figures);
}

function legend(): HTMLElement {
  const item = (name: string, colour: string): HTMLElement => {
    const mark = element('span', { class: 'mark' });
    mark.style.background = colour;
    return element('li', {}, mark, name);
  };
  return element(
    'ul',
    { class: 'legend' },
    item('recon, training', CURVE_COLOURS.recon),
    item('recon + KL, test', CURVE_COLOURS.bound),
    item('KL, training', CURVE_COLOURS.kl),
  );
}
