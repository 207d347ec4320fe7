/** The options of a run: allowed values, defaults, and when each has an effect. */
import { amount, type Fields, oneOf, path, wholeNumber } from './fields.js';
import { MODEL_FIELDS } from './model-options.js';
import { takenBy, takersOf } from './model-table.js';
import type { RunConfig, TrainingConfig } from './run-config.js';

const DATA = 'The images:';
const TRAINING = 'The training:';

const TRAINING_FIELDS: Pick<Fields<RunConfig>, keyof TrainingConfig> = {
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
    help: 'use only the first N training images; 0 means all',
  },
  validation: {
    group: DATA,
    kind: wholeNumber(0, 10_000_000),
    standard: 0,
    help: 'use the last N training images for validation, and keep the best epoch',
  },
  binarization: {
    group: DATA,
    kind: oneOf(['none', 'threshold', 'static', 'dynamic']),
    standard: 'none',
    help: 'how grey values become 0/1: none, threshold, static or dynamic',
  },
  epochs: {
    group: TRAINING,
    kind: wholeNumber(1, 100_000),
    standard: 20,
    help: 'passes over the training images',
    standardText: '20, or 2 on reference',
  },
  batch: { group: TRAINING, kind: wholeNumber(1, 60_000), standard: 128, help: 'images per step' },
  learningRate: { group: TRAINING, kind: amount(1, 0.001), standard: 1e-3, help: "Adam's learning rate" },
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
    help: 'how beta rises from 0: none, linear (once) or cyclic (repeatedly)',
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
    help: 'nats of KL per dimension of z that cost nothing',
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
    help: 'stop after N epochs without a better validation loss; 0 means never',
    needs: { words: '--validation', holds: (c) => c.validation > 0 },
  },
  seed: {
    group: TRAINING,
    kind: wholeNumber(0, 2 ** 31 - 1),
    standard: 1,
    help: 'seed of weights, shuffling and noise',
  },
};

export const RUN_FIELDS: Fields<RunConfig> = { ...MODEL_FIELDS, ...TRAINING_FIELDS };

/** Options that may help against collapsed dimensions of z, and the runs in which they do. */
const AGAINST_COLLAPSE: readonly {
  key: keyof RunConfig;
  text: string;
  isUseful?(config: RunConfig): boolean;
}[] = [
  { key: 'warmUp', text: '--warm-up linear', isUseful: ({ warmUp }) => warmUp === 'none' },
  { key: 'freeBits', text: '--free-bits 0.1', isUseful: ({ freeBits }) => freeBits === 0 },
  { key: 'beta', text: '--beta 1', isUseful: ({ beta }) => beta > 1 },
  { key: 'learningRate', text: 'a smaller --learning-rate' },
  { key: 'hidden', text: 'fewer or narrower --hidden layers' },
  { key: 'channels', text: 'fewer --channels' },
];

/** What to try against collapsed dimensions of z, as options of the command line that have an effect on such a run. */
export function collapseAdvice(config: RunConfig): string {
  return AGAINST_COLLAPSE.filter(
    ({ key, isUseful }) => RUN_FIELDS[key].needs?.holds(config) !== false && isUseful?.(config) !== false,
  )
    .map(({ text }) => text)
    .join(', ');
}
