/** The text that introduces a run. */
import type { Dataset } from '../data/dataset.js';
import { withChannels } from '../data/image-shape.js';
import type { GenerativeModel } from '../models/model.js';
import type { TrainState } from '../train.js';
import { modelEntry } from './build-model.js';
import type { RunData } from './data.js';
import { counted } from './progress.js';
import type { RunConfig } from './run-config.js';

const TARGETS: Readonly<Record<RunConfig['binarization'], string>> = {
  none: 'grey values',
  threshold: 'pixels above 0.5',
  static: 'one Bernoulli sample per pixel, fixed',
  dynamic: 'a new Bernoulli sample at each use',
};

/** What the text says beside the configuration. */
export interface RunFacts {
  /** The folder of the results. */
  folder: string;
  resume: boolean;
  /** Description of the backend. */
  machine: string;
  model: GenerativeModel;
  /** `images` is the number of training images. */
  data: RunData & { images: number };
  /** Where the run continues, if there is a checkpoint. */
  state: TrainState | undefined;
}

/** The text before the first epoch: the model, the images, the targets, the units, and the folder. */
export function introduction(config: RunConfig, facts: RunFacts): string {
  const { folder, resume, machine, model, data, state } = facts;
  const hasBound = modelEntry(config).hasBound === true;
  const isCrossEntropy = config.binarization === 'none' && config.likelihood === 'bernoulli';
  const place = state === undefined ? '' : ` from epoch ${state.epoch}, step ${state.step}`;
  const isDense = config.network === 'dense';
  const input = isDense ? model.inputSize : data.train.imageShape.join('×');
  const widths = [input, ...(isDense ? config.hidden : config.channels), model.latent].join('-');
  return [
    `${resume ? `Resuming${place}` : 'Training'}: ${config.model.toUpperCase()} ${widths}${isDense ? '' : ' convolutional'}, ${config.likelihood} decoder, on ${machine}`,
    `${counted(data.images, data.noun)}, ${counted(config.epochs, 'epoch')}, batch ${config.batch}, ${optimizerText(config)}, seed ${config.seed}`,
    ...scheduleNotes(config),
    ...data.notes,
    ...(data.validation === undefined
      ? []
      : [`Set aside for validation: ${counted(data.validation.count, data.noun)}.`]),
    `Targets: ${config.binarization}, ${targetsText(config, data.train)}${isCrossEntropy ? ' (the reconstruction loss is a cross-entropy)' : ''}.`,
    `Losses in nats per image: sum over pixels, mean over images${hasBound ? '; −ELBO = recon + KL' : ''}.`,
    `Results: ${folder}/\n`,
  ].join('\n');
}

/** What the targets are; under the binarization none, the values themselves. */
function targetsText({ binarization }: RunConfig, { standardization, imageShape }: Dataset): string {
  if (standardization !== undefined) return 'standardised columns';
  return binarization === 'none' && withChannels(imageShape)[0] > 1
    ? 'values of all channels'
    : TARGETS[binarization];
}

/** `adam 0.001`, or `sgd 0.01, cosine schedule over 20 epochs` */
function optimizerText({ optimizer, learningRate, schedule, scheduleEpochs }: RunConfig): string {
  const change = schedule === 'none' ? '' : `, ${schedule} schedule over ${counted(scheduleEpochs, 'epoch')}`;
  return `${optimizer} ${learningRate}${change}`;
}

/** A warning if a resumed run is longer than its cosine, whose length was fixed when the run began. */
function scheduleNotes({ schedule, scheduleEpochs, scheduleWarmUp, epochs }: RunConfig): string[] {
  const end = scheduleWarmUp + scheduleEpochs;
  if (schedule !== 'cosine' || epochs <= end) return [];
  return [`The learning rate is 0 after epoch ${end}: later epochs change nothing.`];
}
