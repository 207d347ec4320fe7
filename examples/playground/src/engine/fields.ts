/** The table of the settings, from which the form, the address and the checks follow. */
import type { SettingName } from './settings.js';

interface Described {
  readonly group: 'Data' | 'Model' | 'Loss' | 'Training' | 'Machine';
  readonly label: string;
  /** Shown on hover and focus. */
  readonly help: string;
  /** Whether a change starts the training anew. The others take effect in the next step. */
  readonly restarts: boolean;
}

/** A setting: a choice of words, a number with its limits, or a text with its pattern. */
export type Field = Described &
  (
    | { readonly kind: 'choice'; readonly choices: Readonly<Record<string, string>> }
    | {
        readonly kind: 'number';
        readonly least: number;
        readonly most: number;
        readonly isWhole: boolean;
      }
    | { readonly kind: 'text'; readonly pattern: RegExp; readonly expected: string }
  );

const anew = { restarts: true } as const;
const live = { restarts: false } as const;

/** Limits lie within those of `varigrad train`, so that `loadRun` opens saved weights. */
export const FIELDS: Readonly<Record<SettingName, Field>> = {
  data: {
    ...anew,
    group: 'Data',
    label: 'Images',
    help: 'What the model learns to encode and to generate. The 60,000 digits are loaded when they are chosen (about 10 MB).',
    kind: 'choice',
    choices: {
      digits: 'MNIST, 10,000 digits',
      'all-digits': 'MNIST, 60,000 digits',
      shapes: 'Shapes with known factors',
      own: 'Your own images',
    },
  },
  model: {
    ...anew,
    group: 'Model',
    label: 'Model',
    help: 'VAE: q(z|x) is a Gaussian. Conditional VAE: encoder and decoder also get the class. Autoencoder: z is a number, not a distribution, and there is no KL term.',
    kind: 'choice',
    choices: { vae: 'VAE', cvae: 'Conditional VAE', ae: 'Autoencoder' },
  },
  latent: {
    ...anew,
    group: 'Model',
    label: 'Latent dimensions',
    help: 'Length of z. Two can be drawn completely; with more, the plane shows the two dimensions with the largest KL.',
    kind: 'number',
    least: 2,
    most: 32,
    isWhole: true,
  },
  hidden: {
    ...anew,
    group: 'Model',
    label: 'Hidden layers',
    help: 'Widths of the encoder’s hidden layers, such as 200 or 256,128. The decoder has them in reverse.',
    kind: 'text',
    pattern: /^[1-9]\d{0,2}(,[1-9]\d{0,2}){0,3}$/,
    expected: 'one to four widths of at most 999, such as 256,128',
  },
  likelihood: {
    ...anew,
    group: 'Loss',
    label: 'Likelihood p(x|z)',
    help: 'How the decoder’s outputs define a distribution of the image. Its negative logarithm is the reconstruction loss.',
    kind: 'choice',
    choices: {
      bernoulli: 'Bernoulli',
      'continuous-bernoulli': 'continuous Bernoulli',
      gaussian: 'Gaussian, σ learned',
      laplace: 'Laplace',
    },
  },
  binarization: {
    ...anew,
    group: 'Loss',
    label: 'Binarization',
    help: 'How grey pixels become the 0/1 targets of a Bernoulli. Losses under different binarizations cannot be compared.',
    kind: 'choice',
    choices: {
      none: 'none: grey values',
      threshold: 'x > 0.5',
      static: 'static sample',
      dynamic: 'dynamic sample',
    },
  },
  reduction: {
    ...anew,
    group: 'Loss',
    label: 'Reconstruction term',
    help: 'The ELBO sums over the pixels. The mean over the pixels, a common mistake, makes the KL term 784 times as strong.',
    kind: 'choice',
    choices: { sum: 'sum over pixels', mean: 'mean over pixels (a mistake)' },
  },
  gradient: {
    ...anew,
    group: 'Loss',
    label: 'Gradient through z',
    help: 'The reparameterization z = μ + σ·ε lets the gradient reach the encoder. Without it, the reconstruction loss cannot train the encoder.',
    kind: 'choice',
    choices: { reparameterized: 'z = μ + σ·ε', detached: 'none: z is detached' },
  },
  samples: {
    ...anew,
    group: 'Loss',
    label: 'Samples of z per image',
    help: 'More samples make the gradient less noisy, and a step slower.',
    kind: 'number',
    least: 1,
    most: 10,
    isWhole: true,
  },
  beta: {
    ...live,
    group: 'Loss',
    label: 'β, weight of the KL',
    help: '1 is the evidence lower bound. 0 leaves the codes free; a large β pushes q(z|x) to the prior.',
    kind: 'number',
    least: 0,
    most: 100,
    isWhole: false,
  },
  warmUp: {
    ...live,
    group: 'Loss',
    label: 'Warm-up of β, steps',
    help: 'β rises linearly from 0 over these first steps. 0: β is constant.',
    kind: 'number',
    least: 0,
    most: 100_000,
    isWhole: true,
  },
  freeBits: {
    ...live,
    group: 'Loss',
    label: 'Free bits, nats',
    help: 'The KL of each dimension below this value costs nothing.',
    kind: 'number',
    least: 0,
    most: 10,
    isWhole: false,
  },
  optimizer: {
    ...anew,
    group: 'Training',
    label: 'Optimizer',
    help: 'Adam and AdamW scale the step of each weight; SGD does not, and needs a smaller learning rate here.',
    kind: 'choice',
    choices: { adam: 'Adam', adamw: 'AdamW', sgd: 'SGD' },
  },
  learningRate: {
    ...live,
    group: 'Training',
    label: 'Learning rate',
    help: 'Size of the optimizer’s steps.',
    kind: 'number',
    least: 1e-7,
    most: 1,
    isWhole: false,
  },
  batchSize: {
    ...anew,
    group: 'Training',
    label: 'Batch size',
    help: 'Images per step. An update uses the mean of their gradients.',
    kind: 'number',
    least: 1,
    most: 2000,
    isWhole: true,
  },
  seed: {
    ...anew,
    group: 'Training',
    label: 'Seed',
    help: 'Decides the first weights, the order of the images and the noise. The same seed gives the same training.',
    kind: 'number',
    least: 0,
    most: 2_147_483_647,
    isWhole: true,
  },
  backend: {
    ...anew,
    group: 'Machine',
    label: 'Backend',
    help: 'wasm: the CPU. webgpu and webgl2: the graphics card, if the browser allows it. reference: plain loops.',
    kind: 'choice',
    choices: { wasm: 'wasm', webgpu: 'webgpu', webgl2: 'webgl2', reference: 'reference (slow)' },
  },
  threads: {
    ...anew,
    group: 'Machine',
    label: 'Threads',
    help: 'Threads of wasm. 0: all cores. The result does not depend on it.',
    kind: 'number',
    least: 0,
    most: 64,
    isWhole: true,
  },
  simd: {
    ...anew,
    group: 'Machine',
    label: 'Vector instructions',
    help: 'plain: the same bits on every machine. fastest: fused multiply-add where the browser has it.',
    kind: 'choice',
    choices: { fastest: 'fastest', plain: 'plain' },
  },
};
