/**
 * The checks of webgpu on a real card, with whatever adapter webgpu finds. `npm run test:gpu -- --bundle card.mjs` makes one file
 * of this program and the library. On the machine with the card:
 *
 *   npm install gpu.js@2.24.1 webgpu && node card.mjs
 */
import { runModes } from './checks.js';

process.exit((await runModes(['webgpu'])) ? 0 : 1); // WebGPU's threads would keep the process alive
