/**
 * Resampling of images. Each new pixel is a weighted mean of the old ones; the weights are a function of the distance between their
 * centres, measured in new pixels if the image becomes smaller and in old pixels if it becomes larger. They are normalised to the sum 1,
 * also at the edges.
 * @see Turkowski 1990, "Filters for Common Resampling Tasks"
 */
import { checkChoice, checkOptions, checkWhole } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import type { Dataset } from './dataset.js';
import { type ImageShape, sizeOf, withChannels } from './image-shape.js';

/**
 * `box`: the mean of the covered area; the nearest pixel in an enlargement. `bilinear`: weights that fall linearly to 0. `lanczos`: a
 * windowed sinc with three lobes, which is sharper and can overshoot; values are then limited to [0, 1].
 */
export type ResizeFilter = 'box' | 'bilinear' | 'lanczos';

interface Filter {
  /** The weight is 0 at larger distances. */
  readonly support: number;
  weight(distance: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const FILTERS: Readonly<Record<ResizeFilter, Filter>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const RESIZE_FILTERS: Readonly<Record<ResizeFilter, true>> = { box: true, bilinear: true, lanczos: true };

/** The old pixels of a new one. */
interface Window {
  readonly first: number;
  readonly weights: readonly number[];
}

/** The windows of `to` pixels in a row of `from` pixels. */
function windowsOf(from: number, to: number, { support, weight }: Filter): Window[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - support * stretch + 0.5));
    const end = Math.min(from, Math.floor(center + support * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_, j) => weight((first + j + 0.5 - center) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((w) => w / sum) };
  });
}

/** Height and width. */
type Size = readonly [height: number, width: number];

/** Resizes the channels of one image, `[channels · height · width]`, first across and then down. */
export function resized(
  values: Float32Array,
  from: ImageShape,
  [toHeight, toWidth]: Size,
  filter: ResizeFilter,
): Float32Array {
  const [channels, height, width] = withChannels(from);
  if (height === toHeight && width === toWidth) return values;
  const across = windowsOf(width, toWidth, FILTERS[filter]);
  const down = windowsOf(height, toHeight, FILTERS[filter]);
  const narrow = new Float32Array(channels * height * toWidth);
  for (let line = 0; line < channels * height; line++)
    for (const [x, { first, weights }] of across.entries())
      narrow[line * toWidth + x] = weights.reduce(
        (sum, w, j) => sum + w * values[line * width + first + j]!,
        0,
      );
  const out = new Float32Array(channels * toHeight * toWidth);
  for (let channel = 0; channel < channels; channel++)
    for (const [y, { first, weights }] of down.entries())
      for (let x = 0; x < toWidth; x++) {
        const start = (channel * height + first) * toWidth + x;
        const value = weights.reduce((sum, w, j) => sum + w * narrow[start + j * toWidth]!, 0);
        out[(channel * toHeight + y) * toWidth + x] =
          filter === 'lanczos' ? Math.min(1, Math.max(0, value)) : value;
      }
  return out;
}

/** The middle of one image; odd margins are larger below and on the right. */
export function middleOf(values: Float32Array, from: ImageShape, [toHeight, toWidth]: Size): Float32Array {
  const [channels, height, width] = withChannels(from);
  const [top, left] = [(height - toHeight) >> 1, (width - toWidth) >> 1];
  const out = new Float32Array(channels * toHeight * toWidth);
  for (let line = 0; line < channels * toHeight; line++) {
    const [channel, y] = [Math.floor(line / toHeight), line % toHeight];
    const start = (channel * height + top + y) * width + left;
    out.set(values.subarray(start, start + toWidth), line * toWidth);
  }
  return out;
}

/** A data set whose images are made by `f` from the old ones. */
export function mapImages(
  data: Dataset,
  imageShape: ImageShape,
  f: (image: Float32Array) => Float32Array,
): Dataset {
  const [from, to] = [sizeOf(data.imageShape), sizeOf(imageShape)];
  const images = new Float32Array(data.count * to);
  for (let i = 0; i < data.count; i++) images.set(f(data.images.subarray(i * from, (i + 1) * from)), i * to);
  return { ...data, images, imageShape };
}

/**
 * Resizes all images of a data set.
 * @param size - the new height and width
 * @param options - `filter`: default 'bilinear'
 * @throws ArgumentError if a length is not a whole number above 0, or the filter is unknown
 */
export function resizeDataset(data: Dataset, size: Size, options: { filter?: ResizeFilter } = {}): Dataset {
  checkDataset('resizeDataset', data);
  for (const [axis, name] of ['height', 'width'].entries())
    checkWhole('resizeDataset', `the ${name}`, size[axis]);
  checkOptions('resizeDataset', options, { filter: true }, 'data, size, ');
  const { filter = 'bilinear' } = options;
  checkChoice('resizeDataset', 'filter', filter, RESIZE_FILTERS);
  const imageShape: ImageShape = data.imageShape.length === 3 ? [data.imageShape[0], ...size] : size;
  return mapImages(data, imageShape, (image) => resized(image, data.imageShape, size, filter));
}
