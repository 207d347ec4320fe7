/** The options of a run: what each may be, its default, and when it has an effect. */
import type { RunConfig } from './config.js';
import { amount, type Field, type Fields, oneOf, path, wholeNumber, widths } from './fields.js';
import { MODEL_NAMES, MODELS } from './models.js';
import { CORRUPTIONS, LIKELIHOODS, POSTERIORS, PRIORS } from './parts.js';

const MODEL = 'The model:';
const SOME = 'Of some models:';
const DATA = 'The images:';
const TRAINING = 'The training:';

/** A field has an effect with the models that list it, and where `holds`, which `words` describe. */
function takenBy(
  key: keyof RunConfig,
  words?: string,
  holds: (config: RunConfig) => boolean = () => true,
): NonNullable<Field<unknown, RunConfig>['needs']> {
  return {
    words: words ?? `--model ${takersOf(key)}`,
    holds: (config) => MODELS[config.model].options.includes(key) && holds(config),
  };
}

/** The models that list a field, in words. */
function takersOf(key: keyof RunConfig): string {
  return MODEL_NAMES.filter((name) => MODELS[name].options.includes(key)).join(' or ');
}

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => Object.keys(table) as K[];

export const RUN_FIELDS: Fields<RunConfig> = {
  model: {
    group: MODEL,
    kind: oneOf(MODEL_NAMES),
    standard: 'vae',
    help: `${MODEL_NAMES.join(', ')}: see below`,
  },
  latent: {
    group: MODEL,
    kind: wholeNumber(1, 1024),
    standard: 20,
    help: 'dimensions of z',
    needs: takenBy('latent'),
  },
  network: {
    group: MODEL,
    kind: oneOf(['dense', 'convolutional']),
    standard: 'dense',
    help: 'encoder and decoder: dense (fully connected) or convolutional',
    needs: takenBy('network'),
  },
  hidden: {
    group: MODEL,
    kind: widths,
    standard: [400],
    help: 'widths of the hidden layers, comma-separated',
    needs: takenBy('hidden', '--network dense', (c) => c.network === 'dense'),
  },
  activation: {
    group: MODEL,
    kind: oneOf(['relu', 'tanh', 'sigmoid']),
    standard: 'relu',
    help: 'nonlinearity of the hidden layers: relu, tanh or sigmoid',
    needs: takenBy('activation', '--network dense', (c) => c.network === 'dense'),
  },
  channels: {
    group: MODEL,
    kind: widths,
    standard: [32, 64],
    help: 'channels after each convolution, which halves the image; comma-separated',
    needs: takenBy('network', '--network convolutional', (c) => c.network === 'convolutional'),
  },
  normalization: {
    group: MODEL,
    kind: oneOf(['none', 'batch']),
    standard: 'none',
    help: 'after each hidden convolution: none or batch',
    needs: takenBy('network', '--network convolutional', (c) => c.network === 'convolutional'),
  },
  likelihood: {
    group: MODEL,
    kind: oneOf(keysOf(LIKELIHOODS)),
    standard: 'bernoulli',
    help: `p(x|z): ${keysOf(LIKELIHOODS).join(', ').replace('gaussian,', 'gaussian (one learned sigma),')}`,
    needs: takenBy('likelihood'),
  },
  sigma: {
    group: MODEL,
    kind: amount(100, 0.5),
    standard: 1,
    help: 'standard deviation of gaussian-fixed',
    needs: takenBy('likelihood', '--likelihood gaussian-fixed', (c) => c.likelihood === 'gaussian-fixed'),
  },
  meanLink: {
    group: MODEL,
    kind: oneOf(['identity', 'sigmoid']),
    standard: 'sigmoid',
    help: "how the decoder's output becomes a Gaussian's mean: sigmoid or identity",
    needs: takenBy('likelihood', '--likelihood gaussian, gaussian-fixed or pixel-gaussian', (c) =>
      ['gaussian', 'gaussian-fixed', 'pixel-gaussian'].includes(c.likelihood),
    ),
  },
  levels: {
    group: MODEL,
    kind: wholeNumber(2, 256),
    standard: 256,
    help: 'grey levels of categorical',
    needs: takenBy('likelihood', '--likelihood categorical', (c) => c.likelihood === 'categorical'),
  },
  posterior: {
    group: MODEL,
    kind: oneOf(keysOf(POSTERIORS)),
    standard: 'gaussian',
    help: 'q(z|x): gaussian, or a flow: planar or iaf',
    needs: takenBy('posterior'),
  },
  flowSteps: {
    group: MODEL,
    kind: wholeNumber(1, 100),
    standard: 4,
    help: 'steps of a flow',
    needs: takenBy('posterior', '--posterior planar or iaf', (c) => c.posterior !== 'gaussian'),
  },
  prior: {
    group: MODEL,
    kind: oneOf(keysOf(PRIORS)),
    standard: 'standard',
    help: 'p(z): standard, mixture, vamp; cvae also conditional, which is p(z|y)',
    needs: takenBy('prior'),
  },
  components: {
    group: MODEL,
    kind: wholeNumber(1, 10_000),
    standard: 100,
    help: 'parts of a mixture, or pseudo-images of vamp',
    needs: takenBy('prior', '--prior mixture or vamp', (c) => c.prior === 'mixture' || c.prior === 'vamp'),
  },
  samples: {
    group: MODEL,
    kind: wholeNumber(1, 10_000),
    standard: 1,
    help: 'draws of z an image in training; of iwae its k, of dae draws of the noise',
    needs: takenBy('samples'),
  },
  gradient: {
    group: MODEL,
    kind: oneOf(['standard', 'dreg']),
    standard: 'standard',
    help: 'of the IWAE bound: standard or dreg',
    needs: takenBy('gradient'),
  },
  codeActivation: {
    group: SOME,
    kind: oneOf(['none', 'relu', 'tanh', 'sigmoid']),
    standard: 'none',
    help: 'nonlinearity of the code (ae, dae)',
    needs: takenBy('codeActivation'),
  },
  corruption: {
    group: SOME,
    kind: oneOf(keysOf(CORRUPTIONS)),
    standard: 'masking',
    help: `noise of dae: ${keysOf(CORRUPTIONS).join(', ')}`,
    needs: takenBy('corruption'),
  },
  noiseLevel: {
    group: SOME,
    kind: amount(100, 0.3, true),
    standard: 0.5,
    help: 'probability of noise in a pixel, or the standard deviation of gaussian (dae)',
    needs: takenBy('corruption'),
  },
  variables: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 20,
    help: 'variables of z (categorical-vae)',
    needs: takenBy('variables'),
  },
  categories: {
    group: SOME,
    kind: wholeNumber(2, 1024),
    standard: 10,
    help: 'categories of each variable (categorical-vae)',
    needs: takenBy('variables'),
  },
  estimator: {
    group: SOME,
    kind: oneOf(['relaxed', 'straight-through', 'sum']),
    standard: 'relaxed',
    help: 'of the gradient: relaxed, straight-through, or the exact sum (categorical-vae)',
    needs: takenBy('variables'),
  },
  vectors: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 10,
    help: 'vectors of a code (vq-vae)',
    needs: takenBy('vectors'),
  },
  vectorWidth: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 8,
    help: 'numbers in each vector (vq-vae)',
    needs: takenBy('vectors'),
  },
  codebookSize: {
    group: SOME,
    kind: wholeNumber(1, 65_536),
    standard: 64,
    help: 'vectors to choose from (vq-vae)',
    needs: takenBy('vectors'),
  },
  commitment: {
    group: SOME,
    kind: amount(100, 0.25, true),
    standard: 0.25,
    help: 'weight of the commitment loss (vq-vae)',
    needs: takenBy('vectors'),
  },
  labelled: {
    group: SOME,
    kind: wholeNumber(1, 1_000_000),
    standard: 10,
    help: 'images of each class whose label is known (m2)',
    needs: takenBy('labelled'),
  },
  labelledRepeat: {
    group: SOME,
    kind: wholeNumber(1, 10_000),
    standard: 60,
    help: 'how often each of them comes up with its label in an epoch (m2)',
    needs: takenBy('labelled'),
  },
  alpha: {
    group: SOME,
    kind: amount(100_000, 10, true),
    standard: 10,
    help: 'weight of the classification loss (m2)',
    needs: takenBy('labelled'),
  },
  data: {
    group: DATA,
    kind: path,
    standard: 'mnist',
    help: 'mnist; a folder of PNG images or of IDX files; or images.idx,labels.idx',
  },
  trainLimit: {
    group: DATA,
    kind: wholeNumber(0, 10_000_000),
    standard: 0,
    help: 'use only the first N training images; 0 is all',
  },
  validation: {
    group: DATA,
    kind: wholeNumber(0, 10_000_000),
    standard: 0,
    help: 'set the last N training images aside, and keep the epoch that is best on them',
  },
  binarization: {
    group: DATA,
    kind: oneOf(['none', 'threshold', 'static', 'dynamic']),
    standard: 'none',
    help: 'how grey becomes 0/1: none, threshold, static or dynamic',
  },
  epochs: {
    group: TRAINING,
    kind: wholeNumber(1, 100_000),
    standard: 20,
    help: 'passes over the training images',
    standardText: '20, or 2 on reference',
  },
  batch: { group: TRAINING, kind: wholeNumber(1, 60_000), standard: 128, help: 'images a step' },
  learningRate: { group: TRAINING, kind: amount(1, 0.001), standard: 1e-3, help: 'of Adam' },
  beta: {
    group: TRAINING,
    kind: amount(1000, 4, true),
    standard: 1,
    help: 'weight of the KL term in the training loss',
    needs: takenBy('beta'),
  },
  warmUp: {
    group: TRAINING,
    kind: oneOf(['none', 'linear', 'cyclic']),
    standard: 'none',
    help: 'how beta grows from 0: none, linear (once) or cyclic (again and again)',
    needs: takenBy('warmUp'),
  },
  warmUpEpochs: {
    group: TRAINING,
    kind: amount(100_000, 2.5),
    standard: 5,
    help: 'length of the warm-up, or of one cycle, in epochs',
    needs: takenBy('warmUp', '--warm-up linear or cyclic', (c) => c.warmUp !== 'none'),
  },
  freeBits: {
    group: TRAINING,
    kind: amount(100, 0.1, true),
    standard: 0,
    help: 'nats that each dimension of z may hold for free',
    needs: takenBy(
      'freeBits',
      `--model ${takersOf('freeBits')} with --posterior gaussian and --prior standard or conditional`,
      (c) => c.posterior === 'gaussian' && (c.prior === 'standard' || c.prior === 'conditional'),
    ),
  },
  patience: {
    group: TRAINING,
    kind: wholeNumber(0, 100_000),
    standard: 0,
    help: 'end after N epochs without a better validation loss; 0 never',
    needs: { words: '--validation', holds: (c) => c.validation > 0 },
  },
  seed: {
    group: TRAINING,
    kind: wholeNumber(0, 2 ** 31 - 1),
    standard: 1,
    help: 'of weights, shuffling and noise',
  },
};
