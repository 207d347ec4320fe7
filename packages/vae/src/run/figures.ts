/** The figures that the commands draw, by name. A new figure is one entry of the table. */
import type { Binarization } from '../data/binarize.js';
import type { Dataset } from '../data/dataset.js';
import { drawnShape } from '../data/image-shape.js';
import { latentStatistics } from '../diagnostics/latent-statistics.js';
import { hasClosedFormKl, isLatentModel } from '../estimators/latent-model.js';
import { klChart } from '../figures/bar-chart.js';
import { lossChart } from '../figures/line-chart.js';
import { classManifoldsFigure, manifoldFigure } from '../figures/plane.js';
import { writeSheet } from '../figures/png.js';
import {
  denoisingFigure,
  reconstructionFigure,
  sampledReconstructionFigure,
} from '../figures/reconstructions.js';
import { classStyleFigure, samplesFigure } from '../figures/samples.js';
import { latentScatter } from '../figures/scatter.js';
import type { Sheet } from '../figures/sheets.js';
import { interpolationFigure, traversalFigure } from '../figures/walks.js';
import { writeFileAtomic } from '../files/atomic.js';
import { Autoencoder } from '../models/autoencoder.js';
import { DenoisingAutoencoder } from '../models/denoising-autoencoder.js';
import { Made } from '../models/made.js';
import type { GenerativeModel } from '../models/model.js';
import type { EpochResult } from '../train.js';
import type { RunFolder } from './run-folder.js';

/** Inputs of a figure. */
export interface FigureSource {
  model: GenerativeModel;
  test: Dataset;
  seed: number;
  /** Results of the epochs of training. */
  results: readonly EpochResult[];
  /** The set on which each epoch was measured, beside the training set. */
  heldOut: 'test' | 'validation';
  targets: Binarization;
}

/** One figure. */
export interface FigureEntry {
  /** A line of the help text. */
  readonly help: string;
  /** The title, if the figure is drawn after each epoch. Others are drawn on request. */
  readonly eachEpoch?: (epoch: number, source: FigureSource) => string;
  /** Shown in comparisons, as are the figures of each epoch. */
  readonly isCompared?: true;
  /** Whether it shows codes or losses, and no images. Such figures are also drawn for tables. */
  readonly showsNumbers?: true;
  /** The reason why the figure is impossible for the model, or undefined. */
  readonly obstacle?: (source: FigureSource) => string | undefined;
  /** @param title - replaces the figure's own title */
  draw(source: FigureSource, title?: string): Drawing | Promise<Drawing>;
}

/** A sheet of images, or SVG text. */
export type Drawing = Sheet | string;

const needsPlane = ({ model }: FigureSource): string | undefined =>
  model.latent === 2 ? undefined : `z has ${model.latent} dimensions, not 2`;

const needsClasses = ({ model }: FigureSource): string | undefined =>
  model.classes > 0 ? undefined : 'the model is not conditional';

const needsZ = ({ model }: FigureSource): string | undefined =>
  model instanceof Made ? 'the model has no z' : undefined;

const needsTwoImages = ({ test }: FigureSource): string | undefined =>
  test.count >= 2 ? undefined : 'there is only one test image';

/** The reason why a figure is impossible, or undefined. */
export function obstacleOf(
  { showsNumbers, obstacle }: FigureEntry,
  source: FigureSource,
): string | undefined {
  if (source.test.standardization !== undefined && showsNumbers !== true) return 'the data are a table';
  return obstacle?.(source);
}

/** The origin of the codes of samples, for a title. */
function originOfCodes({ model }: FigureSource): string {
  if ('prior' in model) return 'z ~ p(z)';
  if (model instanceof Made) return 'samples of p(x)';
  return model instanceof Autoencoder ? 'z ~ N(0, I), not its codes' : 'codes at random';
}

/** The most pixels of a square of images. Its PNG file takes about ten bytes of memory for each. */
const MOST_PIXELS = 2 ** 25;

/** Space between two images of a sheet, at least about. */
const GAP = 4;

/** Images along each side of a square, fewer than usual if they are large. @param squares - number of squares on the sheet */
export function sideOf({ test }: Pick<FigureSource, 'test'>, usual: number, squares = 1): number {
  const [, height, width] = drawnShape(test.imageShape);
  const images = MOST_PIXELS / squares / ((height + GAP) * (width + GAP));
  return Math.max(2, Math.min(usual, Math.floor(Math.sqrt(images))));
}

export const FIGURES: Readonly<Record<string, FigureEntry>> = {
  reconstructions: {
    help: 'test images and their reconstructions',
    eachEpoch: (epoch) => `Reconstructions after epoch ${epoch}`,
    draw: ({ model, test }, title) =>
      reconstructionFigure(model, test, { title: title ?? 'Test images and their reconstructions' }),
  },
  denoising: {
    help: 'test images, without and with noise, and their reconstructions; dae',
    eachEpoch: (epoch) => `Denoising after epoch ${epoch}`,
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
    help: 'test images, the mean of p(x|z) and a sample of it',
    draw: ({ model, test, seed }, title) => sampledReconstructionFigure(model, test, { seed, title }),
  },
  samples: {
    help: 'generated images: random codes, decoded',
    eachEpoch: (epoch, source) => `Samples after epoch ${epoch}: decoded ${originOfCodes(source)}`,
    draw: (source, title) =>
      samplesFigure(source.model, source.test.imageShape, {
        rows: sideOf(source, 10),
        columns: sideOf(source, 10),
        seed: source.seed,
        title: title ?? `Samples: decoded ${originOfCodes(source)}`,
      }),
  },
  manifold: {
    help: 'the latent plane; z of 2 dimensions',
    eachEpoch: (epoch) => `The latent plane after epoch ${epoch}`,
    obstacle: needsPlane,
    draw: (source, title) =>
      manifoldFigure(source.model, source.test.imageShape, { size: sideOf(source, 20), title }),
  },
  'manifold-linear': {
    help: 'the latent plane in equal steps of z; z of 2 dimensions',
    obstacle: needsPlane,
    draw: (source, title) => {
      const size = sideOf(source, 20);
      return manifoldFigure(source.model, source.test.imageShape, { size, spacing: 'linear', title });
    },
  },
  'class-manifolds': {
    help: 'the latent plane of each class; conditional, z of 2 dimensions',
    obstacle: (source) => needsPlane(source) ?? needsClasses(source),
    draw: (source, title) => {
      const { model, test } = source;
      return classManifoldsFigure(model, test.imageShape, { size: sideOf(source, 6, model.classes), title });
    },
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
    help: 'from one test image to another, along a straight line in z',
    obstacle: (source) => needsZ(source) ?? needsTwoImages(source),
    draw: ({ model, test }, title) => interpolationFigure(model, test, { title }),
  },
  'interpolation-spherical': {
    help: 'from one test image to another, along a great circle in z',
    obstacle: (source) => needsZ(source) ?? needsTwoImages(source),
    draw: ({ model, test }, title) => interpolationFigure(model, test, { path: 'spherical', title }),
  },
  traversal: {
    help: 'one coordinate of z at a time; at most ten, those with the largest KL',
    obstacle: needsZ,
    draw: drawTraversal,
  },
  scatter: {
    help: 'codes of test images, coloured by class; z of 2 dimensions',
    isCompared: true,
    showsNumbers: true,
    obstacle: needsPlane,
    draw: ({ model, test }, title) =>
      latentScatter([{ title: model.kind, model }], test, title === undefined ? {} : { title }),
  },
  kl: {
    help: 'the KL of each dimension of z, and which are active',
    showsNumbers: true,
    obstacle: ({ model }) =>
      isLatentModel(model) && hasClosedFormKl(model)
        ? undefined
        : 'the KL of each dimension has no closed form',
    draw: async ({ model, test, targets: binarization }, title) => {
      const { klPerDimension, active } = await latentStatistics(model, test, { binarization });
      const isActive = Array.from({ length: model.latent }, (_, d) => active.includes(d));
      return klChart(klPerDimension ?? [], { active: isActive, title });
    },
  },
  curves: {
    help: 'the losses of every epoch',
    showsNumbers: true,
    draw: lossCurves,
  },
};

const MOST_ROWS = 10;

/** A traversal of all dimensions, or of those with the largest KL if there are many. */
async function drawTraversal(
  { model, test, targets: binarization }: FigureSource,
  title?: string,
): Promise<Sheet> {
  const { latent } = model;
  if (latent <= MOST_ROWS || !(isLatentModel(model) && hasClosedFormKl(model)))
    return traversalFigure(model, test.imageShape, { title });
  const { klPerDimension } = await latentStatistics(model, test, { binarization });
  const kl = Array.from(klPerDimension ?? []);
  const dimensions = Array.from(kl.keys()).sort((a, b) => kl[b]! - kl[a]!);
  return traversalFigure(model, test.imageShape, {
    title,
    dimensions: dimensions.slice(0, MOST_ROWS),
    caption: `${MOST_ROWS} of ${latent} dimensions, by KL`,
  });
}

/** The losses of every epoch as SVG text. */
function lossCurves({ results, heldOut, targets }: FigureSource): string {
  return lossChart(results, { heldOut, targets });
}

/** Writes a drawing as `<path>.svg`, and the images of a sheet as `<path>.png`. @returns the files */
export async function writeDrawing(path: string, drawing: Drawing): Promise<string[]> {
  if (typeof drawing !== 'string') return writeSheet(path, drawing);
  await writeFileAtomic(`${path}.svg`, drawing);
  return [`${path}.svg`];
}

/** Writes each figure that is possible for the model, named by the epoch, and the loss curves so far. @returns the sheets, by name */
export async function writePictures(
  folder: RunFolder,
  source: FigureSource,
  epoch: number,
): Promise<ReadonlyMap<string, Sheet>> {
  const sheets = new Map<string, Sheet>();
  for (const [name, entry] of Object.entries(FIGURES)) {
    if (entry.eachEpoch === undefined || obstacleOf(entry, source) !== undefined) continue;
    const path = folder.file(`${name}-${String(epoch).padStart(3, '0')}`);
    const drawing = await entry.draw(source, entry.eachEpoch(epoch, source));
    await writeDrawing(path, drawing);
    if (typeof drawing !== 'string') sheets.set(name, drawing);
  }
  await writeDrawing(folder.file('curves'), lossCurves(source));
  return sheets;
}
