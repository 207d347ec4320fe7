/**
 * One file for a machine with a card: the checks of `npm run test:gpu` in mode webgpu, then the measurement. `--quick` measures
 * small sizes only, `--no-checks` only measures. `npm run bench:gpu -- --bundle FILE.mjs` makes the file.
 */
import { parseArgs } from 'node:util';
import { runModes } from '../../tests/gpu/checks.js';
import { measureInNode } from './in-node.js';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-checks': { type: 'boolean', default: false } },
});
const right = values['no-checks'] || (await runModes(['webgpu']));
console.log(`\n${await measureInNode(['webgpu'], values.quick)}`);
process.exit(right ? 0 : 1); // WebGPU's threads would keep the process alive
