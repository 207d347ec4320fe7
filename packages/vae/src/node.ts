/** The part of the library that reads and writes files; needs Node. */
export { mnist, readIdxDataset, readIdxFile } from './data/mnist.js';
export { type AnimationOptions, encodeApng, writeApng } from './figures/apng.js';
export { encodePng, writePng } from './figures/png.js';
export { removeLeftovers, writeFileAtomic } from './files/atomic.js';
