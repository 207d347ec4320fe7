/** Trainings that show something, with the numbers to expect. */
import { DEFAULTS, type Settings } from './engine/settings.js';

/** A number after `EXPECTED_STEPS` steps; all five seeds from 0 to 4 lie in the range. */
export interface Expected {
  /** Of the test images, in nats per image; `active` counts dimensions of z, and `failure` is the step that fails. */
  readonly what: 'bound' | 'recon' | 'kl' | 'active' | 'failure';
  readonly from: number;
  readonly to: number;
}

export const EXPECTED_STEPS = 300;

/** One training, or two side by side. */
export interface Preset {
  /** Part of the address. */
  readonly id: string;
  readonly title: string;
  /** What to look at. */
  readonly text: string;
  readonly settings: Partial<Settings>;
  /** What differs in a second model on the same batches. */
  readonly second?: Partial<Settings>;
  readonly expected: readonly Expected[];
  readonly expectedSecond?: readonly Expected[];
}

/** Ranges of five seeds, measured with 128-bit vectors and rounded outwards; tests/examples/playground-presets.test.ts holds them. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'good',
    title: 'A VAE that learns',
    text: 'Watch the classes separate in the latent plane and the decoded manifold get sharper while the loss falls. Two dimensions hold about five nats of information about a digit, so both stay active.',
    settings: {},
    expected: [
      { what: 'bound', from: 171, to: 175 },
      { what: 'recon', from: 166, to: 171 },
      { what: 'kl', from: 4, to: 5.2 },
      { what: 'active', from: 2, to: 2 },
    ],
  },
  {
    id: 'collapsed',
    title: 'Posterior collapse: recon averaged over the pixels',
    text: 'All codes fall onto the origin, and every reconstruction is the same blurred digit. The mean over 784 pixels makes the KL term 784 times as strong as in the ELBO, so encoding nothing is the cheapest solution.',
    settings: { reduction: 'mean' },
    expected: [
      { what: 'recon', from: 202, to: 203 },
      { what: 'kl', from: 0, to: 0.01 },
      { what: 'active', from: 0, to: 0 },
    ],
  },
  {
    id: 'beta-0',
    title: 'β = 0: no KL term',
    text: 'The codes spread far beyond the circles of the prior, and reconstructions are slightly better than with β = 1. New images are sampled from the prior, which now covers only a small part of the codes, and the bound is worse by about twenty nats.',
    settings: { beta: 0 },
    expected: [
      { what: 'bound', from: 190, to: 201 },
      { what: 'recon', from: 166, to: 169 },
      { what: 'kl', from: 23, to: 33 },
    ],
  },
  {
    id: 'beta-10',
    title: 'β = 10: a strong KL term',
    text: 'The codes of all classes crowd into the circles of the prior, and reconstructions are blurred. KL falls to a little more than one nat, so z says hardly more about a digit than its rough shape.',
    settings: { beta: 10 },
    expected: [
      { what: 'bound', from: 180, to: 183 },
      { what: 'recon', from: 179, to: 182 },
      { what: 'kl', from: 1.1, to: 1.4 },
    ],
  },
  {
    id: 'diverges',
    title: 'A learning rate that diverges: SGD with 0.1',
    text: 'At one step per second, watch the gradient norms grow until a number is too large for float32. The training stops there and names the operation and its module, and the failing step opens in the explorer.',
    settings: { optimizer: 'sgd', learningRate: 0.1 },
    expected: [{ what: 'failure', from: 4, to: 6 }],
  },
  {
    id: 'samples',
    title: '1 against 5 samples of z per image',
    text: 'Both models train on the same batches, the second with five samples of z per image. The bounds differ by little, because one sample already gives an unbiased gradient, and a step of the second takes about twice as long.',
    settings: {},
    second: { samples: 5 },
    expected: [{ what: 'bound', from: 171, to: 175 }],
    expectedSecond: [{ what: 'bound', from: 172, to: 175 }],
  },
  {
    id: 'no-reparameterization',
    title: 'Without the reparameterization',
    text: 'The encoder gets no gradient from the reconstruction loss, so it only learns to match the prior: all codes fall onto the origin. The decoder receives pure noise and learns the mean digit.',
    settings: { gradient: 'detached' },
    expected: [
      { what: 'recon', from: 202, to: 203 },
      { what: 'kl', from: 0, to: 0.01 },
      { what: 'active', from: 0, to: 0 },
    ],
  },
  {
    id: 'conditional',
    title: 'Conditional VAE: class × style',
    text: 'The decoder is told the class, so the codes of all classes overlap and z holds the style: slant, width and stroke. Each row of class × style is one digit, and each column one style.',
    settings: { model: 'cvae' },
    expected: [
      { what: 'bound', from: 152, to: 155 },
      { what: 'kl', from: 3.6, to: 4.2 },
    ],
  },
  {
    id: 'autoencoder',
    title: 'An autoencoder beside the VAE',
    text: 'The autoencoder reconstructs about as well, and its codes may lie anywhere. The VAE fills the circles of the prior, so that points between the codes also decode to digits.',
    settings: {},
    second: { model: 'ae' },
    expected: [{ what: 'recon', from: 166, to: 171 }],
    expectedSecond: [{ what: 'recon', from: 166, to: 170 }],
  },
  {
    id: 'shapes',
    title: 'Shapes with known factors, six dimensions',
    text: 'Choose x, y or size under Colour to see which factor the two dimensions of the plane follow. All six dimensions stay active, and together they hold about thirteen nats about an image.',
    settings: { data: 'shapes', latent: 6 },
    expected: [
      { what: 'bound', from: 52, to: 55 },
      { what: 'kl', from: 12.5, to: 13.1 },
      { what: 'active', from: 6, to: 6 },
    ],
  },
];

/** The preset with an id; undefined if there is none. */
export function presetOf(id: string): Preset | undefined {
  return PRESETS.find((preset) => preset.id === id);
}

/** The settings of a preset's models. */
export function modelsOf({ settings, second }: Preset): readonly [Settings, Settings | null] {
  const first = { ...DEFAULTS, ...settings };
  return [first, second === undefined ? null : { ...first, ...second }];
}
