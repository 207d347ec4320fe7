/** The options of a run that define its model. */
import { amount, type Fields, oneOf, wholeNumber, widths } from './fields.js';
import { MODEL_NAMES, takenBy } from './model-table.js';
import { CORRUPTIONS, LIKELIHOODS, POSTERIORS, PRIORS } from './part-tables.js';
import type { ModelConfig, RunConfig } from './run-config.js';

const MODEL = 'The model:';
const SOME = 'Of some models:';

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>): K[] => Object.keys(table) as K[];

export const MODEL_FIELDS: Pick<Fields<RunConfig>, keyof ModelConfig> = {
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
    help: 'number of grey levels of categorical',
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
    help: 'number of steps of a flow',
    needs: takenBy('posterior', '--posterior planar or iaf', (c) => c.posterior !== 'gaussian'),
  },
  prior: {
    group: MODEL,
    kind: oneOf(keysOf(PRIORS)),
    standard: 'standard',
    help: 'p(z): standard, mixture, vamp; with cvae also conditional, p(z|y)',
    needs: takenBy('prior'),
  },
  components: {
    group: MODEL,
    kind: wholeNumber(1, 10_000),
    standard: 100,
    help: 'components of mixture, or pseudo-images of vamp',
    needs: takenBy('prior', '--prior mixture or vamp', (c) => c.prior === 'mixture' || c.prior === 'vamp'),
  },
  samples: {
    group: MODEL,
    kind: wholeNumber(1, 10_000),
    standard: 1,
    help: 'samples of z per image in training; for iwae its k, for dae noise samples',
    needs: takenBy('samples'),
  },
  gradient: {
    group: MODEL,
    kind: oneOf(['standard', 'dreg']),
    standard: 'standard',
    help: 'gradient of the IWAE bound: standard or dreg',
    needs: takenBy('gradient'),
  },
  codeActivation: {
    group: SOME,
    kind: oneOf(['none', 'relu', 'tanh', 'sigmoid']),
    standard: 'none',
    help: 'activation of the code (ae, dae)',
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
    help: 'probability of noise per pixel; for gaussian its standard deviation (dae)',
    needs: takenBy('corruption'),
  },
  variables: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 20,
    help: 'number of categorical variables in z (categorical-vae)',
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
    help: 'gradient estimator: relaxed, straight-through or sum, the exact sum (categorical-vae)',
    needs: takenBy('variables'),
  },
  vectors: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 10,
    help: 'number of vectors in a code (vq-vae)',
    needs: takenBy('vectors'),
  },
  vectorWidth: {
    group: SOME,
    kind: wholeNumber(1, 1024),
    standard: 8,
    help: 'length of each vector (vq-vae)',
    needs: takenBy('vectors'),
  },
  codebookSize: {
    group: SOME,
    kind: wholeNumber(1, 65_536),
    standard: 64,
    help: 'number of vectors in the codebook (vq-vae)',
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
    help: 'labelled images per class (m2)',
    needs: takenBy('labelled'),
  },
  labelledRepeat: {
    group: SOME,
    kind: wholeNumber(1, 10_000),
    standard: 60,
    help: 'copies of each labelled image per epoch (m2)',
    needs: takenBy('labelled'),
  },
  alpha: {
    group: SOME,
    kind: amount(100_000, 10, true),
    standard: 10,
    help: 'weight of the classification loss (m2)',
    needs: takenBy('labelled'),
  },
};
