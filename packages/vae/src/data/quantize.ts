import { checkWhole } from '@varigrad/core/checks';
import { checkDataset } from '../checks.js';
import type { Dataset } from './dataset.js';

/**
 * Rounds grey values to the nearest of `levels` levels, multiples of 1/(levels − 1), as a categorical likelihood needs them.
 * @returns the data set itself if every pixel is such a level
 * @throws ArgumentError if levels is below 2 or not a whole number
 */
export function quantizeDataset(data: Dataset, levels: number): Dataset {
  checkDataset('quantizeDataset', data);
  checkWhole('quantizeDataset', 'levels', levels, 2);
  const most = levels - 1;
  const images = data.images.map((value) => Math.round(value * most) / most);
  return images.every((value, i) => value === data.images[i]) ? data : { ...data, images };
}
