/** What needs Node: files. */
export { mnist, readIdxDataset, readIdxFile } from './data/mnist.js';
export { encodePng, encodeSheet, writePng, writeSheet } from './figures/png.js';
export { removeLeftovers, writeFileAtomic } from './files/atomic.js';
