/** Uses of a trained model: its codes as features, and the completion of images. */
export { encodeDataset } from './encode-dataset.js';
export { type FillBlanksOptions, type FilledBlanks, fillBlanks } from './fill-blanks.js';
export { type LinearProbe, type LinearProbeOptions, linearProbe } from './linear-probe.js';
export {
  type NearestNeighbours,
  type NearestNeighboursOptions,
  nearestNeighbours,
} from './nearest-neighbours.js';
