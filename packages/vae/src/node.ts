/** The part of the library that reads and writes files; needs Node. */
export { mnist, readIdxDataset, readIdxFile } from './data/mnist.js';
export { encodePng, encodeSheet, writePng, writeSheet } from './figures/png.js';
export { removeLeftovers, type WriteOptions, writeFileAtomic } from './files/atomic.js';
export { FileError } from './files/file-error.js';
export { type LoadedRun, type LoadRunOptions, loadRun } from './run/load-run.js';
