/** The pictures that the commands draw, by name. A new picture is one entry of the table. */
import type { Binarization } from '../data/binarize.js';
import type { Dataset } from '../data/dataset.js';
import { latentStatistics } from '../diagnostics/latent-statistics.js';
import { hasClosedFormKl, isLatentModel } from '../estimators/latent-model.js';
import { klChart } from '../figures/bar-chart.js';
import { lossChart } from '../figures/line-chart.js';
import { classManifoldsFigure, manifoldFigure } from '../figures/plane.js';
import { writePng } from '../figures/png.js';
import type { Raster } from '../figures/raster.js';
import {
  denoisingFigure,
  reconstructionFigure,
  sampledReconstructionFigure,
} from '../figures/reconstructions.js';
import { classStyleFigure, samplesFigure } from '../figures/samples.js';
import { latentScatter } from '../figures/scatter.js';
import { interpolationFigure, traversalFigure } from '../figures/walks.js';
import { writeFileAtomic } from '../files/atomic.js';
import { Autoencoder } from '../models/autoencoder.js';
import { DenoisingAutoencoder } from '../models/denoising-autoencoder.js';
import type { GenerativeModel } from '../models/model.js';
import type { EpochResult } from '../train.js';

/** What a picture is drawn from. */
export interface FigureSource {
  model: GenerativeModel;
  test: Dataset;
  seed: number;
  /** The epochs of its training. */
  results: readonly EpochResult[];
  /** What the losses beside those of training belong to. */
  heldOut: 'test' | 'validation';
  targets: Binarization;
}

/** One picture. */
export interface FigureEntry {
  /** A line of the help text. */
  readonly help: string;
  /** The title, where it is drawn after each epoch; others are drawn when asked for. */
  readonly eachEpoch?: (epoch: number, source: FigureSource) => string;
  /** It is shown in comparisons, as those of each epoch are. */
  readonly isCompared?: true;
  /** Why the model cannot be drawn so, or undefined if it can. */
  readonly obstacle?: (source: FigureSource) => string | undefined;
  /** @param title - instead of the figure's own */
  draw(source: FigureSource, title?: string): Drawing | Promise<Drawing>;
}

/** Pixels, or SVG text. */
export type Drawing = Raster | string;

const needsPlane = ({ model }: FigureSource): string | undefined =>
  model.latent === 2 ? undefined : `z has ${model.latent} dimensions, not 2`;

const needsClasses = ({ model }: FigureSource): string | undefined =>
  model.classes > 0 ? undefined : 'the model is not told the class';

/** What samples are decoded from, in a title. */
function originOfCodes({ model }: FigureSource): string {
  if ('prior' in model) return 'z ~ p(z)';
  return model instanceof Autoencoder ? 'z ~ N(0, I), not its codes' : 'codes at random';
}

export const FIGURES: Readonly<Record<string, FigureEntry>> = {
  reconstructions: {
    help: 'test images and what the model makes of them',
    eachEpoch: (epoch) => `Reconstructions after epoch ${epoch}`,
    draw: ({ model, test }, title) =>
      reconstructionFigure(model, test, { title: title ?? 'Test images and their reconstructions' }),
  },
  denoising: {
    help: 'test images, the same with noise, and what the model makes of that; dae',
    eachEpoch: (epoch) => `Noise removed, after epoch ${epoch}`,
    obstacle: ({ model }) =>
      model instanceof DenoisingAutoencoder ? undefined : 'the model was not trained to remove noise',
    draw: ({ model, test, seed }, title) =>
      denoisingFigure(model, test, {
        corruption: (model as DenoisingAutoencoder).corruption,
        seed,
        title,
      }),
  },
  'sampled-reconstructions': {
    help: 'test images, the mean of p(x|z) and a draw from it',
    draw: ({ model, test, seed }, title) => sampledReconstructionFigure(model, test, { seed, title }),
  },
  samples: {
    help: 'images that nobody has seen: codes drawn at random, decoded',
    eachEpoch: (epoch, source) => `Samples after epoch ${epoch}: decoded ${originOfCodes(source)}`,
    draw: (source, title) =>
      samplesFigure(source.model, source.test.imageShape, {
        seed: source.seed,
        title: title ?? `Samples: decoded ${originOfCodes(source)}`,
      }),
  },
  manifold: {
    help: 'the latent plane; z of 2 dimensions',
    eachEpoch: (epoch) => `The latent plane after epoch ${epoch}`,
    obstacle: needsPlane,
    draw: ({ model, test }, title) => manifoldFigure(model, test.imageShape, { title }),
  },
  'manifold-linear': {
    help: 'the latent plane in equal steps of z; z of 2 dimensions',
    obstacle: needsPlane,
    draw: ({ model, test }, title) => manifoldFigure(model, test.imageShape, { spacing: 'linear', title }),
  },
  'class-manifolds': {
    help: 'the latent plane of each class; conditional, z of 2 dimensions',
    obstacle: (source) => needsPlane(source) ?? needsClasses(source),
    draw: ({ model, test }, title) => classManifoldsFigure(model, test.imageShape, { title }),
  },
  styles: {
    help: 'the same style in every class; conditional',
    eachEpoch: (epoch) => `One style per row, one class per column, epoch ${epoch}`,
    obstacle: needsClasses,
    draw: ({ model, test, seed }, title) => classStyleFigure(model, test.imageShape, { seed, title }),
  },
  'style-transfer': {
    help: 'the styles of test images in every class; conditional',
    obstacle: needsClasses,
    draw: ({ model, test }, title) =>
      classStyleFigure(model, test.imageShape, {
        from: test,
        title: title ?? 'The style of the image on the left, in every class',
      }),
  },
  interpolation: {
    help: 'walks from one test image to another, straight in z',
    draw: ({ model, test }, title) => interpolationFigure(model, test, { title }),
  },
  'interpolation-spherical': {
    help: 'the same along great circles',
    draw: ({ model, test }, title) => interpolationFigure(model, test, { path: 'spherical', title }),
  },
  traversal: {
    help: 'one coordinate of z at a time',
    draw: ({ model, test }, title) => traversalFigure(model, test.imageShape, { title }),
  },
  scatter: {
    help: 'codes of test images, coloured by class; z of 2 dimensions',
    isCompared: true,
    obstacle: needsPlane,
    draw: ({ model, test }) => latentScatter([{ title: model.kind, model }], test),
  },
  kl: {
    help: 'the KL of each dimension of z, and which are active',
    obstacle: ({ model }) =>
      isLatentModel(model) && hasClosedFormKl(model)
        ? undefined
        : 'there is no formula for the KL of each dimension',
    draw: async ({ model, test, targets: binarization }, title) => {
      const { klPerDimension, active } = await latentStatistics(model, test, { binarization });
      const isActive = Array.from({ length: model.latent }, (_, d) => active.includes(d));
      return klChart(klPerDimension ?? [], { active: isActive, title });
    },
  },
  curves: {
    help: 'the losses of every epoch',
    draw: lossCurves,
  },
};

/** The losses of every epoch as SVG text. */
export function lossCurves({ results, heldOut, targets }: FigureSource): string {
  return lossChart(results, { heldOut, targets });
}

/** Writes a picture as `<path>.png` or `<path>.svg`. @returns the file */
export async function writeDrawing(path: string, drawing: Drawing): Promise<string> {
  const file = `${path}${typeof drawing === 'string' ? '.svg' : '.png'}`;
  await (typeof drawing === 'string' ? writeFileAtomic(file, drawing) : writePng(file, drawing));
  return file;
}
