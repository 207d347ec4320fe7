/** What the options --grey, --crop and --size do to images. */
import type { Dataset } from '../data/dataset.js';
import { type ImageShape, sizeOf, withChannels } from '../data/image-shape.js';
import { greyOf } from '../data/picture.js';
import { mapImages, middleOf, resized } from '../data/resize.js';
import type { RunConfig } from './run-config.js';
import { UsageError } from './usage-error.js';

/** The options that change images. */
export type Preparation = Pick<RunConfig, 'grey' | 'crop' | 'size' | 'filter'>;

/** Images stay as they are. */
export const AS_THEY_ARE: Preparation = { grey: false, crop: 0, size: 0, filter: 'bilinear' };

/** The shape of a prepared image. @param source - of the image, for messages; @throws UsageError if it is smaller than --crop, or has no colours for --grey */
export function preparedShape(
  from: ImageShape,
  { grey, crop, size }: Preparation,
  source: string,
): ImageShape {
  const [channels, height, width] = withChannels(from);
  if (crop > Math.min(height, width))
    throw new UsageError(
      `--crop ${crop}: ${source} has ${width} × ${height} pixels — choose at most ${Math.min(height, width)}`,
    );
  if (grey && channels !== 1 && channels !== 3)
    throw new UsageError(
      `--grey: ${source} has ${channels} channels — it turns red, green and blue into grey, so leave it out`,
    );
  const side = size > 0 ? size : crop;
  const [newHeight, newWidth] = side > 0 ? [side, side] : [height, width];
  const isGrey = from.length === 2 || channels === 1 || (grey && channels === 3);
  return isGrey ? [newHeight, newWidth] : [channels, newHeight, newWidth];
}

/** The values of a prepared image, in this order: grey, the middle, the new size. @param to - its `preparedShape` */
export function prepared(
  values: Float32Array,
  from: ImageShape,
  to: ImageShape,
  { crop, size, filter }: Preparation,
): Float32Array {
  const [channels, height, width] = withChannels(from);
  const [kept] = withChannels(to);
  const inColor = kept === channels ? values : greyOf(values);
  const square = crop > 0 ? crop : Math.min(height, width);
  const isCut = (crop > 0 || size > 0) && (square !== height || square !== width);
  const middle = isCut ? middleOf(inColor, [kept, height, width], [square, square]) : inColor;
  return size > 0 ? resized(middle, [kept, square, square], [size, size], filter) : middle;
}

/** All images of a data set, prepared. */
export function preparedDataset(data: Dataset, preparation: Preparation): Dataset {
  const { imageShape } = data;
  const shape = preparedShape(imageShape, preparation, 'an image');
  const isSame =
    sizeOf(shape) === sizeOf(imageShape) && String(shape.slice(-2)) === String(imageShape.slice(-2));
  if (isSame) return data;
  return mapImages(data, shape, (image) => prepared(image, imageShape, shape, preparation));
}
