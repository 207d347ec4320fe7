/** The sliders of a page: what they set, and which codes are drawn at random. */
import { ArgumentError, Generator, oneHot, type Tensor, tensor } from '@varigrad/core';
import { isLatentModel } from '../estimators/latent-model.js';
import type { GenerativeModel } from '../models/model.js';
import { RelaxedCategoricalVAE } from '../models/relaxed-categorical-vae.js';
import { VQVAE } from '../models/vq-vae.js';
import { StandardNormal } from '../priors/standard-normal.js';
import { computePart } from './parts.js';

/** One slider per number of z. */
export interface NumberControls {
  readonly kind: 'numbers';
  /** Smallest and largest value of each number. */
  readonly ranges: readonly (readonly [number, number])[];
  /** The numbers of z, from the one that changes the picture most to the one that changes it least. */
  readonly order: readonly number[];
  /** Codes to choose random ones from, for each class; null for N(0, I). */
  readonly codes: readonly (readonly (readonly number[])[])[] | null;
}

/** One slider per group of z, which chooses a row of a table. */
export interface ChoiceControls {
  readonly kind: 'choices';
  readonly groups: number;
  /** `[choices, width]` */
  readonly table: readonly (readonly number[])[];
}

export type Controls = NumberControls | ChoiceControls;

/** Range of a number with the prior N(0, 1). */
const NORMAL: readonly [number, number] = [-3, 3];
/** Codes of a prior other than N(0, I) in a file. */
const CODES = 240;

/** Whether the model itself says which codes are likely. An autoencoder does not. */
export const hasPriorOrChoices = (model: GenerativeModel): boolean =>
  isLatentModel(model) || model instanceof RelaxedCategoricalVAE || model instanceof VQVAE;

/** @param codes - codes to choose random ones from, `[count, latent]`; default: those of the prior */
export function controlsOf(model: GenerativeModel, codes?: Tensor): Controls {
  if (model instanceof RelaxedCategoricalVAE) {
    const { variables, categories } = model;
    return { kind: 'choices', groups: variables, table: rowsOf(oneHot(counted(categories), categories)) };
  }
  if (model instanceof VQVAE)
    return { kind: 'choices', groups: model.vectors, table: rowsOf(model.codebook) };
  const known = codes === undefined ? priorCodes(model) : [rowsOf(codes)];
  const ranges = rangesOf(model.latent, known);
  return { kind: 'numbers', ranges, order: orderOf(model, ranges), codes: known };
}

const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/**
 * The rows of a matrix, each number to nine digits, which define a float32.
 * @throws ArgumentError for NaN and infinities, which a page cannot contain
 */
function rowsOf(t: Tensor): number[][] {
  const values = t.dataSync();
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw new ArgumentError('exportPage', `the codes must be finite numbers, found ${wrong}`);
  const width = t.shape[1]!;
  return counted(t.shape[0]!).map((row) =>
    Array.from(values.subarray(row * width, (row + 1) * width), (value) => Number(value.toPrecision(9))),
  );
}

/** Samples of a prior other than N(0, I), for each class; null for N(0, I). */
function priorCodes(model: GenerativeModel): number[][][] | null {
  if (!isLatentModel(model) || model.prior instanceof StandardNormal) return null;
  const classes = Math.max(1, model.classes);
  const count = Math.ceil(CODES / classes);
  const generator = new Generator(0);
  return counted(classes).map((label) => {
    const labels = model.classes === 0 ? undefined : oneHot(counted(count).fill(label), classes);
    return rowsOf(model.samplePrior(count, { generator, labels }));
  });
}

function rangesOf(
  latent: number,
  codes: readonly (readonly (readonly number[])[])[] | null,
): (readonly [number, number])[] {
  const all = codes?.flat() ?? [];
  return counted(latent).map((i) => {
    if (all.length === 0) return NORMAL;
    let [low, high] = [Infinity, -Infinity];
    for (const code of all) [low, high] = [Math.min(low, code[i]!), Math.max(high, code[i]!)];
    return low < high ? [low, high] : [low - 1, high + 1];
  });
}

/** Sorts the numbers of z by how far apart the pictures at the ends of their ranges are. */
function orderOf(model: GenerativeModel, ranges: readonly (readonly [number, number])[]): number[] {
  const { latent, classes, inputSize } = model;
  const middle = ranges.map(([low, high]) => (low + high) / 2);
  const ends = ranges.flatMap((range, i) => range.map((end) => middle.with(i, end)));
  const labels = classes === 0 ? {} : { labels: oneHot(counted(2 * latent).fill(0), classes) };
  const images = Array.from(computePart(model, 'decoder', { z: tensor(ends), ...labels }).mean!.dataSync());
  const imageAt = (row: number): number[] => images.slice(row * inputSize, (row + 1) * inputSize);
  const effects = counted(latent).map((i) => {
    const high = imageAt(2 * i + 1);
    return imageAt(2 * i).reduce((sum, pixel, p) => sum + (pixel - high[p]!) ** 2, 0);
  });
  return counted(latent).sort((a, b) => effects[b]! - effects[a]!);
}
