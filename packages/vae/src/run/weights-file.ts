/** The file of a run's weights. Its metadata contain the configuration and the size of the images, so that the file is enough to rebuild the model. */
import { readFile } from 'node:fs/promises';
import { VarigradError } from '@varigrad/core';
import {
  decodeSafetensors,
  type EncodeSafetensorsOptions,
  encodeSafetensors,
  type Module,
  type StateDict,
} from '@varigrad/nn';
import { isAmount, isWhole } from '../checks.js';
import { sizeOf } from '../data/image-shape.js';
import type { Standardization } from '../data/standardization.js';
import { withFileErrors } from '../files/file-error.js';
import type { ImageFacts } from './build-model.js';
import { parseConfig, RUN_OPTIONS, type RunConfig } from './run-config.js';
import { complete, effective, hasEffect } from './schema/complete.js';
import { shorten } from './usage-error.js';

/** What is needed to rebuild the model of a run. */
export interface ModelFacts {
  readonly config: RunConfig;
  readonly images: ImageFacts;
}

/** The contents of the file. Older files have no metadata. */
export interface SavedWeights {
  readonly path: string;
  readonly tensors: StateDict;
  readonly about?: ModelFacts | undefined;
}

/** The facts about images as they stand in JSON. */
export function imagesJson({ imageShape, classes, count, standardization }: ImageFacts): object {
  return { train: count, shape: imageShape, classes, standardization };
}

/** The contents of the file. */
export function encodeWeights(
  weights: StateDict,
  { config, images }: ModelFacts,
  options: EncodeSafetensorsOptions = {},
): Uint8Array {
  const metadata = {
    format: 'pt', // PyTorch's names and layout, a word that Python's readers look for
    config: JSON.stringify(effective(RUN_OPTIONS, config)),
    images: JSON.stringify(imagesJson(images)),
  };
  return encodeSafetensors(weights, metadata, options);
}

/** @throws VarigradError with the path if the file is damaged; UsageError if its configuration is refused */
export async function readWeightsFile(path: string): Promise<SavedWeights> {
  const { tensors, metadata } = decodeSafetensors(
    await withFileErrors('loadRun', path, () => readFile(path)),
    path,
  );
  if (metadata.config === undefined || metadata.images === undefined) return { path, tensors };
  const source = `${path}: metadata`;
  const config = complete(RUN_OPTIONS, parseConfig(metadata.config, source));
  return { path, tensors, about: { config, images: parseImageFacts(metadata.images, source) } };
}

/**
 * Refuses a configuration that describes a larger model than the file holds, before such a model is built.
 * @throws VarigradError with the path
 */
export function checkClaim({ config, images }: ModelFacts, { path, tensors }: SavedWeights): void {
  const least = leastWeights(config, sizeOf(images.imageShape));
  const found = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
  if (least > found)
    throw new VarigradError(
      path,
      `the configuration describes a model of at least ${least} weights, and the file has ${found}`,
    );
}

/** A lower bound of the number of weights: those of the encoder's hidden layers, and the pseudo-images of a VampPrior. */
function leastWeights(config: RunConfig, pixels: number): number {
  const isDense = config.network === 'dense';
  const widths = isDense ? [pixels, ...config.hidden] : [1, ...config.channels];
  const products = widths.slice(1).map((width, i) => width * (widths[i] as number));
  const layers = products.reduce((sum, product) => sum + product, 0);
  const hasPseudoImages = config.prior === 'vamp' && hasEffect(RUN_OPTIONS, 'prior', { ...config });
  return Math.max(layers, hasPseudoImages ? config.components * pixels : 0);
}

/** Loads saved weights into a model. @throws VarigradError with the path if they are of another model */
export function loadWeights(model: Module, { path, tensors }: SavedWeights): void {
  withPath(path, () => model.loadStateDict(tensors));
}

/** Runs `f`; its errors name the file. */
export function withPath(path: string, f: () => void): void {
  try {
    f();
  } catch (error) {
    throw error instanceof VarigradError ? new VarigradError(path, error.message) : error;
  }
}

/** Most pixels in a row or a column, and most channels and classes. */
const LONGEST = 65_536;

/**
 * Reads `{"train": 60000, "shape": [28, 28], "classes": 10}` from JSON. The number of training images may be missing.
 * @param source - the file, for messages
 * @param part - where it stands in the JSON. Default: all of it
 * @throws VarigradError if the text is anything else
 */
export function parseImageFacts(
  text: string,
  source: string,
  part: (json: { images?: unknown }) => unknown = (json) => json,
): ImageFacts {
  try {
    const { train: count, shape, classes, standardization } = Object(part(JSON.parse(text)));
    const isImage =
      Array.isArray(shape) &&
      (shape.length === 2 || shape.length === 3) &&
      shape.every((length) => isWhole(length, 1, LONGEST));
    const isSet = count === undefined || isWhole(count, 1);
    const isTable = standardization === undefined || isStandardization(standardization, shape);
    if (isImage && isSet && isTable && isWhole(classes, 0, LONGEST))
      return { imageShape: shape as [number, number], classes, count, standardization };
  } catch {}
  throw new VarigradError(
    source,
    `expected the shape, the classes and the number of images, found ${shorten(text)}`,
  );
}

/** Whether a value from JSON has a name, a mean and a deviation for each column of rows `[1, columns]`. */
function isStandardization(value: unknown, shape: readonly unknown[]): value is Standardization {
  const { columns, means, deviations } = Object(value) as Readonly<Record<string, unknown>>;
  const isList = (list: unknown, isItem: (item: unknown) => boolean): boolean =>
    Array.isArray(list) && list.length === shape.at(-1) && list.every(isItem);
  return (
    shape.length === 2 &&
    shape[0] === 1 &&
    isList(columns, (name) => typeof name === 'string') &&
    isList(means, Number.isFinite) &&
    isList(deviations, (deviation) => isAmount(deviation) && deviation > 0)
  );
}
