/** A classifier of images. It checks whether generated images show the requested class. */
import { ArgumentError, Generator, noGrad, oneHot, scope, type Tensor, tensor } from '@varigrad/core';
import {
  checkArray,
  checkFunction,
  checkMethod,
  checkOptions,
  checkTensor,
  checkWhole,
  type OptionNames,
  refusePromise,
} from '@varigrad/core/checks';
import { Adam, crossEntropy, type Layer, Module } from '@varigrad/nn';
import { checkImages } from '../checks.js';
import type { Batch } from '../data/batch.js';
import { batches } from '../data/batches.js';
import { type Binarization, binarizeBatch, binarizeDataset } from '../data/binarize.js';
import { type Dataset, pixelsOf } from '../data/dataset.js';
import { HiddenLayers, PlainEncoder } from '../models/networks.js';
import { onOneBackend } from '../one-backend.js';

/** Anything that gives class probabilities for images, such as `Classifier` or the semi-supervised VAE. */
export interface ImageClassifier {
  /** log q(y|x): `[batch, pixels]` → `[batch, classes]`. */
  classify(x: Tensor): Tensor;
}

/** @throws ArgumentError unless `classifier` has a classify method */
export function checkClassifier(op: string, classifier: ImageClassifier): void {
  checkMethod(op, 'the classifier', classifier, 'classify', 'an object with a classify method');
}

/** q(y|x) as a network that returns logits. */
export class Classifier extends Module implements ImageClassifier {
  readonly network: Layer;

  constructor(network: Layer) {
    super();
    checkMethod('Classifier', 'network', network, 'forward', 'a module with a forward method');
    this.network = network;
  }

  classify(x: Tensor): Tensor {
    return this.network.forward(x).logSoftmax();
  }
}

/** Options of `trainClassifier`. */
export interface ClassifierOptions {
  /** Widths of the hidden layers (ReLU). Default [400]. */
  hidden?: readonly number[];
  /** Number of epochs. Default 4. */
  epochs?: number;
  /** Images per step. Default 128. */
  batchSize?: number;
  /** Adam's learning rate. Default 1e-3. */
  learningRate?: number;
  /** Binarization of the images. Default 'none'. */
  binarization?: Binarization;
  /** Seed of the initial weights, shuffling and dynamic binarization. Default 0. */
  seed?: number;
  /** Called after each epoch with the mean cross-entropy in nats. */
  onEpoch?: (result: { epoch: number; loss: number }) => void;
}

const CLASSIFIER_OPTIONS: OptionNames<ClassifierOptions> = {
  hidden: true,
  epochs: true,
  batchSize: true,
  learningRate: true,
  binarization: true,
  seed: true,
  onEpoch: true,
};

/** Steps between two turns of the event loop. */
const YIELD_EVERY = 16;

/**
 * Trains fully connected layers on the labels with Adam. With the default options, accuracy on the MNIST test digits is about 97.5 %.
 * @throws ArgumentError if there are no images or no classes
 */
export function trainClassifier(data: Dataset, options: ClassifierOptions = {}): Promise<Classifier> {
  return onOneBackend(async (on) => {
    checkImages('trainClassifier', data);
    if (data.classes === 0)
      throw new ArgumentError('trainClassifier', 'data has no classes — give the images their labels');
    checkOptions('trainClassifier', options, CLASSIFIER_OPTIONS, 'data, ');
    const {
      hidden = [400],
      epochs = 4,
      batchSize = 128,
      learningRate = 1e-3,
      binarization = 'none',
      onEpoch,
    } = options;
    checkArray('trainClassifier', 'hidden', hidden, 'data, { hidden: ', ' }');
    checkWhole('trainClassifier', 'epochs', epochs, 0);
    if (onEpoch !== undefined) checkFunction('trainClassifier', onEpoch, 'onEpoch');
    const generator = new Generator(options.seed ?? 0);
    const layers = new HiddenLayers(pixelsOf(data), hidden, { generator });
    const classifier = new Classifier(new PlainEncoder(layers, data.classes, { generator }));
    const optimizer = new Adam(classifier.parameters(), { learningRate });
    const train = binarization === 'dynamic' ? data : binarizeDataset(data, binarization, generator);
    const step = ({ images, labels, size }: Batch): Tensor =>
      scope(() => {
        const pixels = binarization === 'dynamic' ? binarizeBatch(images, generator) : images;
        const x = tensor(pixels, { shape: [size, pixelsOf(data)] });
        const loss = crossEntropy(classifier.network.forward(x), oneHot(labels, data.classes));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss.detach();
      });
    for (let epoch = 1; epoch <= epochs; epoch++) {
      let [total, steps] = [0, 0];
      for (const batch of batches(train, { batchSize, order: generator.permutation(data.count) })) {
        const loss = on(() => step(batch));
        total += (await loss.item()) * batch.size;
        loss.dispose();
        if (++steps % YIELD_EVERY === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      on(() => refusePromise('onEpoch', onEpoch?.({ epoch, loss: total / data.count })));
    }
    return classifier.eval();
  });
}

/** The most likely class of each image, `[count, pixels]` → `[count]`. */
export function likeliestClass(classifier: ImageClassifier, images: Tensor): Tensor {
  return classifier.classify(images).argmax({ axis: 1 });
}

/** The most likely class of each image, `[count]`, as plain numbers. @param images - `[count, pixels]` */
export function predictClasses(classifier: ImageClassifier, images: Tensor): Promise<Uint8Array> {
  return onOneBackend(async () => {
    checkClassifier('predictClasses', classifier);
    checkTensor('predictClasses', images, 'images');
    const classes = noGrad(() => scope(() => likeliestClass(classifier, images)));
    const values = Uint8Array.from(await classes.data());
    classes.dispose();
    return values;
  });
}

/** The share of a data set's images that are assigned their label, from 0 to 1. */
export function classifierAccuracy(
  classifier: ImageClassifier,
  data: Dataset,
  options: { batchSize?: number } = {},
): Promise<number> {
  return onOneBackend(async (on) => {
    checkClassifier('classifierAccuracy', classifier);
    checkImages('classifierAccuracy', data);
    checkOptions('classifierAccuracy', options, { batchSize: true }, 'classifier, data, ');
    const { batchSize = 500 } = options;
    let right = 0;
    for (const { images, labels, size } of batches(data, { batchSize })) {
      const found = await on(() =>
        predictClasses(classifier, tensor(images, { shape: [size, pixelsOf(data)] })),
      );
      right += found.filter((label, i) => label === labels[i]).length;
    }
    return right / data.count;
  });
}
