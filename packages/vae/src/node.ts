/** The part of the library that reads and writes files; needs Node. */

export { decodeCifar } from './data/cifar.js';
export { type IdxDatasetOptions, readIdxDataset, readIdxFile } from './data/idx-dataset.js';
export { mnist } from './data/mnist.js';
export { NpyImages, type NpyRange, type NpyStreamOptions, openNpy } from './data/npy-stream.js';
export type { Picture } from './data/picture.js';
export { encodePng, encodeSheet, writePng, writeSheet } from './figures/png.js';
export { removeLeftovers, type WriteOptions, writeFileAtomic } from './files/atomic.js';
export { FileError } from './files/file-error.js';
export { type DecodePngOptions, decodePng } from './files/read-png.js';
export type { ImageFacts } from './run/build-model.js';
export { type LoadedRun, type LoadRunOptions, loadRun } from './run/load-run.js';
export { type Measurement, type MeasureOptions, measureRun } from './run/measure.js';
export {
  fromPretrained,
  type ModelToSave,
  type SavePretrainedOptions,
  savePretrained,
} from './run/pretrained.js';
export type { LoadedModel, Pretrained } from './run/read-model.js';
export type { RunConfig } from './run/run-config.js';
