/** What needs Node: files. */
export { mnist, readIdxDataset, readIdxFile } from './data/mnist.js';
export { encodePng, writePng } from './figures/png.js';
export { removeLeftovers, writeFileAtomic } from './files/atomic.js';
